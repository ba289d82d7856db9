//! What a million sessions cost when five thousand of them ask in turn, beside one that asks alone.

use std::fmt::Write;
use std::thread;

use crate::bare::Bare;
use crate::compare::{Share, Side, compare};
use crate::databases;
use crate::machine::{Cores, Machine};
use crate::process::{self, Server};
use crate::requests::QUIET;
use crate::table::Figure;
use crate::visitor::{BROWSER, Visitor};
use crate::wrk::Load;

const COOKIES: usize = 5_000;
const VISITORS: usize = 8;

pub fn measure(machine: &Machine) -> Figure {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/bench.db", folder.path().display());
    process::create_person(folder.path(), &database, "alice");
    let server = Server::start(folder.path(), &[("DATABASE_URL", &database), ("RUST_LOG", QUIET)]);
    let (cookie, body) = Visitor::of(server.address).sign_in();
    let bare = Bare::start(&[("/api/me", &body)]);
    let share = |cookies: &[String]| -> Share {
        let ask = |address| Load {
            script: in_turn(cookies),
            ..Load::get(format!("http://{address}/api/me"), vec![("User-Agent", BROWSER.to_owned())])
        };
        let ours = Side { pid: server.child.id(), load: ask(server.address) };
        let limit = Side { pid: bare.pid(), load: ask(bare.address) };
        compare(machine, Cores::One, "", &ours, "", &limit)
    };
    let one = share(std::slice::from_ref(&cookie));

    let cookies: Vec<String> = thread::scope(|scope| {
        let sign_in = || {
            let visitor = Visitor::of(server.address);
            (0..COOKIES / VISITORS).map(|_| visitor.sign_in().0).collect::<Vec<_>>()
        };
        let visitors: Vec<_> = (0..VISITORS).map(|_| scope.spawn(sign_in)).collect();
        visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect()
    });
    databases::fill(&database);
    let many = share(&cookies);
    Figure::new(
        "cost of `GET /me` with 1,000,000 sessions, 5,000 in turn, of that with one",
        one.value() / many.value(),
        "",
    )
    .below(1.3)
}

/// A script that shows one cookie after the other.
fn in_turn(cookies: &[String]) -> String {
    let mut script = "local requests, last = {}, 0\nfunction init()\n".to_owned();
    for cookie in cookies {
        writeln!(script, "requests[#requests + 1] = '{cookie}'").unwrap();
    }
    script.push_str(
        "for i, cookie in ipairs(requests) do
            wrk.headers['Cookie'] = cookie
            requests[i] = wrk.format()
        end
        end
        function request()
            last = last % #requests + 1
            return requests[last]
        end\n",
    );
    script
}
