//! A script of the app's, beside nginx with the same bytes.

use std::fs;
use std::net::SocketAddr;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};

use crate::compare::{Share, Side, compare};
use crate::machine::{Cores, Machine};
use crate::nginx::{self, Nginx};
use crate::process::Server;
use crate::requests::QUIET;
use crate::wrk::Load;

const PATH: &str = "/assets/app-a1b2c3d4.js";
/// What a script of 61 kB takes when it is compressed; nobody unpacks it here, so the bytes may be any.
const PLAIN: usize = 61_000;
const COMPRESSED: usize = 18_000;

pub fn measure(machine: &Machine, cores: Cores) -> Vec<Share> {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    fs::create_dir_all(dist.join("assets")).unwrap();
    for (suffix, length) in [("", PLAIN), (".br", COMPRESSED), (".gz", COMPRESSED)] {
        fs::write(dist.join(format!("{}{suffix}", &PATH[1..])), "x".repeat(length)).unwrap();
    }
    let Some(nginx) = Nginx::start(&dist) else { return Vec::new() };
    let database = format!("sqlite://{}/bench.db", folder.path().display());
    let settings = [("DATABASE_URL", database.as_str()), ("RUST_LOG", QUIET), ("CLIENT_DIST", dist.to_str().unwrap())];
    let server = Server::start(folder.path(), &settings);
    let side = |pid, address, headers| Side { pid, load: Load::get(format!("http://{address}{PATH}"), headers) };
    let pair = |ours, theirs| (side(server.child.id(), server.address, ours), side(nginx.pid(), nginx.address, theirs));
    let accept = ("Accept-Encoding", nginx::encoding().to_owned());
    let whole = pair(vec![accept.clone()], vec![accept.clone()]);
    let known = |address| vec![accept.clone(), ("If-None-Match", etag(address))];
    let unchanged = pair(known(server.address), known(nginx.address));
    let compare = |what, (ours, theirs): &(Side, Side)| compare(machine, cores, what, ours, "nginx", theirs);
    vec![
        compare(&format!("script of 61 kB, {}", nginx::encoding()), &whole).at_least(cores, 0.65),
        compare("the same, 304", &unchanged).at_least(cores, 0.85),
    ]
}

/// The file's `ETag`, once both answers are what they should be.
fn etag(address: SocketAddr) -> String {
    let get = || Client::new().get(format!("http://{address}{PATH}")).header(ACCEPT_ENCODING, nginx::encoding());
    let answer = get().send().unwrap();
    assert_eq!(answer.headers()[CONTENT_ENCODING], nginx::encoding());
    let etag = answer.headers()[ETAG].to_str().unwrap().to_owned();
    assert_eq!(answer.bytes().unwrap().len(), COMPRESSED);
    assert_eq!(get().header(IF_NONE_MATCH, &etag).send().unwrap().status(), StatusCode::NOT_MODIFIED);
    etag
}
