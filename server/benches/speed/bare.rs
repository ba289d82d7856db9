//! A server with one handler for each path, which answers bytes that it was given: this program as a process of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

/// The argument that makes this program such a server; a path and what it answers follow, and so on.
pub const NAME: &str = "bare-server";

/// Such a server; killed when dropped.
pub struct Bare {
    child: Child,
    pub address: SocketAddr,
}

impl Bare {
    pub fn start(bodies: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(NAME).args(bodies.iter().flat_map(|(path, body)| [path, body]));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub fn serve(bodies: &[String]) {
    let bodies: HashMap<String, String> =
        bodies.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let app = move || {
        bodies.iter().fold(App::new(), |app, (path, body)| {
            let body = web::Bytes::from(body.clone());
            let answer = move || {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            };
            app.route(path, web::get().to(answer))
        })
    };
    let server = HttpServer::new(app).bind(("127.0.0.1", 0)).unwrap();
    println!("{}", server.addrs()[0]);
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}
