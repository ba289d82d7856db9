//! MySQL's own way to sign in, `caching_sha2_password`: over TLS, over a socket, and refused with advice over plain TCP. MariaDB's
//! run has nothing to do here, nor have the others'.

use crate::database_server::{DatabaseServer, is_mysql};
use crate::process::command;

use hallpass::config::DatabaseKind;

use crate::database;

/// A MySQL with the user `app`, whose password the server has yet to see: it remembers one until it is restarted.
async fn start(options: &[&str]) -> Option<DatabaseServer> {
    if database::kind() != DatabaseKind::MySql || !is_mysql() {
        return None;
    }
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let server = DatabaseServer::start(DatabaseKind::MySql, &options);
    let app = "CREATE USER app@'%' IDENTIFIED WITH caching_sha2_password BY 'p%4 word'";
    let local = "CREATE USER app@localhost IDENTIFIED WITH caching_sha2_password BY 'p%4 word'";
    let rights = ["GRANT ALL ON hallpass.* TO app@'%'", "GRANT ALL ON hallpass.* TO app@localhost"];
    server.execute(&["CREATE DATABASE hallpass", app, local, rights[0], rights[1]]).await;
    Some(server)
}

/// Exit status and standard error of `hallpass migrate`.
fn migrate(url: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &[("DATABASE_URL", url)]).arg("migrate").output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn url(server: &DatabaseServer, host: &str, query: &str) -> String {
    server.url(host, query).replace("root@", "app:p%254%20word@").replace("/mysql?", "/hallpass?")
}

#[actix_web::test]
async fn plain_tcp_is_refused_with_what_to_use_instead() {
    let Some(server) = start(&[]).await else { return };
    let (status, said) = migrate(&url(&server, "127.0.0.1", "?ssl-mode=DISABLED"));
    assert_eq!(status, Some(1), "{said}");
    for words in ["caching_sha2_password", "over TLS or a socket", "ssl-mode=VERIFY_IDENTITY", "?socket="] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("RSA") && !said.contains("feature"), "{said}");
}

#[actix_web::test]
async fn tls_is_enough_and_is_what_a_local_connection_takes() {
    let Some(server) = start(&[]).await else { return };
    assert_eq!(migrate(&url(&server, "127.0.0.1", "?")), (Some(0), String::new()));
    assert_eq!(migrate(&url(&server, "0.0.0.0", "?ssl-mode=REQUIRED")), (Some(0), String::new()));
}

#[actix_web::test]
async fn a_socket_is_enough() {
    let Some(server) = start(&[]).await else { return };
    let socket = server.folder.path().join("server/socket");
    let query = format!("?socket={}", socket.display());
    assert_eq!(migrate(&url(&server, "localhost", &query)), (Some(0), String::new()));
}
