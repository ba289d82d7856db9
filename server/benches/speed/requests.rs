//! What a signed-in person asks all day, beside a server that answers the same bytes and does nothing else.

use crate::bare::Bare;
use crate::compare::{Share, Side, compare};
use crate::machine::{Cores, Machine};
use crate::process::{self, Server};
use crate::visitor::{BROWSER, Visitor};
use crate::wrk::Load;

const PEOPLE: usize = 100;
const PAGE: &str = "/api/users?limit=20";

pub fn measure(machine: &Machine, cores: Cores) -> Vec<Share> {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/bench.db", folder.path().display());
    process::create_person(folder.path(), &database, "alice");
    for number in 1..PEOPLE {
        process::create_person(folder.path(), &database, &format!("person{number}"));
    }
    let settings = [("DATABASE_URL", database.as_str()), ("RUST_LOG", QUIET), ("ACCESS_TOKEN_MINUTES", "60")];
    let server = Server::start(folder.path(), &settings);
    let visitor = Visitor::of(server.address);
    let (cookie, me) = visitor.sign_in();
    let page = visitor.get(PAGE, &cookie);
    assert_eq!(page.matches("\"username\"").count(), 20, "{page}");
    let bare = Bare::start(&[("/api/me", &me), ("/api/users", &page)]);

    let cookie = ("Cookie", cookie);
    let jwt = ("Authorization", format!("Bearer {}", visitor.access_token()));
    let opaque = ("Authorization", format!("Bearer {}", visitor.api_token(&cookie.1)));
    let rows = [
        ("`GET /me`, cookie", "/api/me", cookie.clone(), Some(0.5)),
        ("`GET /me`, JWT", "/api/me", jwt, None),
        ("`GET /me`, opaque token", "/api/me", opaque, None),
        ("`GET /users`, 20 of 100", PAGE, cookie, Some(0.25)),
    ];
    let share = |(what, path, proof, target): (&str, &str, (&'static str, String), Option<f64>)| {
        let headers = vec![proof, ("User-Agent", BROWSER.to_owned())];
        let ask = |address| Load::get(format!("http://{address}{path}"), headers.clone());
        let ours = Side { pid: server.child.id(), load: ask(server.address) };
        let limit = Side { pid: bare.pid(), load: ask(bare.address) };
        let share = compare(machine, cores, what, &ours, "bare handler", &limit);
        if let Some(target) = target { share.at_least(cores, target) } else { share }
    };
    rows.map(share).into()
}

/// No line a request: what is compared with writes none.
pub const QUIET: &str = "hallpass::cli=info,warn";
