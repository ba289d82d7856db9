//! What was acknowledged survives the server's sudden death.

use std::net::SocketAddr;

use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use serde_json::json;

use crate::app::FIREFOX;
use crate::database;
use crate::process::{PASSWORD, Server, create_person};

/// What the server has acknowledged about one session.
#[derive(Debug, Default)]
struct Acknowledged {
    /// The cookie of each login that was answered, and nothing was asked about it since.
    alive: Vec<String>,
    /// The cookie of each sign-out that was answered.
    ended: Vec<String>,
}

/// Signs in, and out again every other time, until the server is gone.
async fn use_until_gone(address: SocketAddr, username: &str, mut enough: impl FnMut()) -> Acknowledged {
    let client = reqwest::Client::new();
    let mut acknowledged = Acknowledged::default();
    for round in 0.. {
        let credentials = json!({"username": username, "password": PASSWORD});
        let login = client.post(format!("http://{address}/api/login")).header(USER_AGENT, FIREFOX).json(&credentials);
        let Ok(answer) = login.send().await else { break };
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        let line = answer.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = line.split(';').next().unwrap().to_owned();
        enough();
        if round % 2 == 0 {
            acknowledged.alive.push(cookie);
            continue;
        }
        let logout = client.post(format!("http://{address}/api/logout")).header(USER_AGENT, FIREFOX);
        let Ok(answer) = logout.header(COOKIE, &cookie).send().await else { break };
        assert_eq!(answer.status(), 204);
        acknowledged.ended.push(cookie);
    }
    acknowledged
}

async fn status(address: SocketAddr, cookie: &str) -> u16 {
    let request = reqwest::Client::new().get(format!("http://{address}/api/me")).header(USER_AGENT, FIREFOX);
    request.header(COOKIE, cookie).send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn no_acknowledged_login_is_lost_and_no_ended_session_lives_again() {
    const ROUNDS: usize = 5;
    const PEOPLE: usize = 4;
    const LOGINS: usize = 60;

    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    for person in 0..PEOPLE {
        create_person(folder.path(), &url, &format!("person{person}"));
    }
    let settings = [("DATABASE_URL", url.as_str())];
    let mut all = Acknowledged::default();
    for _ in 0..ROUNDS {
        let server = std::cell::RefCell::new(Server::start(folder.path(), &settings));
        let address = server.borrow().address;
        let logins = std::cell::Cell::new(0);
        let people = (0..PEOPLE).map(|person| {
            let (server, logins) = (&server, &logins);
            async move {
                use_until_gone(address, &format!("person{person}"), || {
                    logins.set(logins.get() + 1);
                    if logins.get() == LOGINS {
                        server.borrow_mut().kill();
                    }
                })
                .await
            }
        });
        for acknowledged in futures_util::future::join_all(people).await {
            all.alive.extend(acknowledged.alive);
            all.ended.extend(acknowledged.ended);
        }
    }
    let server = Server::start(folder.path(), &settings);
    assert!(all.alive.len() >= ROUNDS * LOGINS / 3 && !all.ended.is_empty());
    for cookie in &all.alive {
        assert_eq!(status(server.address, cookie).await, 200, "an acknowledged login was lost");
    }
    for cookie in &all.ended {
        assert_eq!(status(server.address, cookie).await, 401, "an ended session lives again");
    }
}
