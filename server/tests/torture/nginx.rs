//! nginx as docs/deploy/nginx.conf sets it up, in front of two servers.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use crate::client::connect;

const PROGRAM: &str = "/usr/sbin/nginx";

#[derive(Debug)]
pub struct Nginx(Child);

impl Nginx {
    pub fn is_installed() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Serves `servers` at `address`, and notes each answer's status, and that of the server's, in `access.log` below `folder`.
    pub async fn start(folder: &Path, address: SocketAddr, servers: [u16; 2]) -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy/nginx.conf");
        let mut conf = fs::read_to_string(page).unwrap();
        let log = format!(
            "log_format statuses '$status $upstream_status'; access_log {}/access.log statuses;",
            folder.display()
        );
        for (from, to) in [
            ("/tmp/", &format!("{}/", folder.display())),
            ("access_log off;", &log),
            ("172.28.57.11:3000", &format!("127.0.0.1:{}", servers[0])),
            ("172.28.57.12:3000", &format!("127.0.0.1:{}", servers[1])),
            ("listen 8080;", &format!("listen {address};")),
        ] {
            assert!(conf.contains(from), "{from} is not in docs/deploy/nginx.conf any more");
            conf = conf.replace(from, to);
        }
        let file = folder.join("nginx.conf");
        fs::write(&file, conf).unwrap();
        let errors = format!("{}/error.log", folder.display());
        let mut command = Command::new(PROGRAM);
        command.args(["-g", "daemon off;", "-e", &errors, "-c"]).arg(file);
        let nginx = Self(command.spawn().unwrap());
        while connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // nginx's other processes end with it, unless it is killed.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
