//! nginx with a folder of precompressed files.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::{self, available_parallelism};
use std::time::Duration;

const PROGRAM: &str = "/usr/sbin/nginx";
/// A package of its own: libnginx-mod-http-brotli-static.
const BROTLI: &str = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so";

/// A running nginx; ended when dropped.
pub struct Nginx {
    child: Child,
    pub address: SocketAddr,
}

/// What it can send of a folder with both.
pub fn encoding() -> &'static str {
    if Path::new(BROTLI).exists() { "br" } else { "gzip" }
}

impl Nginx {
    /// `None` where it is not installed.
    pub fn start(folder: &Path) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            return None;
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (load, brotli) = match encoding() {
            "br" => (format!("load_module {BROTLI};"), "brotli_static on;"),
            _ => Default::default(),
        };
        let workers = available_parallelism().unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/nginx-{kind};\n", folder.display()))
            .concat();
        let settings = format!(
            "{load}
            daemon off; user root; worker_processes {workers}; pid {folder}/nginx.pid;
            events {{ }}
            http {{
                types {{ text/javascript js; }}
                access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 1000000000;
                gzip_static on; {brotli}
                {temporary}
                server {{ listen {address}; root {folder}; }}
            }}",
            folder = folder.display()
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, settings).unwrap();
        let log = folder.join("nginx.log");
        let child = Command::new(PROGRAM).arg("-c").arg(&file).arg("-e").arg(&log).spawn().unwrap();
        let nginx = Self { child, address };
        while TcpStream::connect(address).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        Some(nginx)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its workers behind.
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
    }
}
