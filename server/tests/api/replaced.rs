//! The SQLite file is replaced while a server runs: whatever is ended in the file that is there now is ended.

use std::fs;
use std::path::{Path, PathBuf};

use hallpass::config::DatabaseKind;
use hallpass::db::Db;

use crate::app::{Browser, TestApp, log_line, spawn, whole_log};
use crate::mail_server::until;

/// The file of the server's database; none on database servers, whose files are not ours.
fn file(app: &TestApp) -> Option<PathBuf> {
    (app.config.database.kind == DatabaseKind::Sqlite).then(|| Db::file(&app.config.database).unwrap().unwrap())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Writes everything into the main file, and copies that.
async fn copy(app: &TestApp, file: &Path) -> PathBuf {
    let copy = beside(file, ".copy");
    app.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    fs::copy(file, &copy).unwrap();
    copy
}

fn move_away(file: &Path) {
    for ending in ["", "-wal", "-shm"] {
        fs::rename(beside(file, ending), beside(file, &format!("{ending}.old"))).unwrap();
    }
}

/// Asks twice: the second answer comes from the cache, if one is used.
async fn queries(browser: &mut Browser) -> u64 {
    browser.get("/api/me").await.is(200, "");
    let answer = browser.get("/api/me").await;
    answer.is(200, "");
    log_line(&answer)["queries"].as_u64().unwrap()
}

/// Ends the person's sessions in the file that is at the path now, as another process does.
fn end_sessions(app: &TestApp) {
    let ended = app.hallpass(&["user", "disable", "alice"], b"");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

async fn until_refused(browser: &Browser) {
    until(|| async { browser.clone().get("/api/me").await.status == 401 }).await;
    browser.clone().get("/api/me").await.is(401, "session_ended");
}

#[actix_web::test]
async fn what_is_ended_in_the_new_file_is_ended() {
    for is_moved_away in [true, false] {
        let app = spawn().await;
        let mut browser = app.signed_in("alice").await;
        let Some(file) = file(&app) else { return };
        assert_eq!(queries(&mut browser).await, 0, "the cache answers");
        let copy = copy(&app, &file).await;
        if is_moved_away {
            move_away(&file);
        }
        fs::rename(&copy, &file).unwrap();
        end_sessions(&app);
        until_refused(&browser).await;
    }
}

#[actix_web::test]
async fn afterwards_the_database_is_asked_each_time_and_the_log_says_so_once() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let Some(file) = file(&app) else { return };
    let copy = copy(&app, &file).await;
    move_away(&file);
    fs::rename(&copy, &file).unwrap();
    until(|| {
        let mut browser = browser.clone();
        async move { queries(&mut browser).await == 1 }
    })
    .await;
    for _ in 0..5 {
        assert_eq!(queries(&mut browser).await, 1);
    }
    assert_eq!(whole_log().matches("another file is at the path of the database").count(), 1);
    assert_eq!(whole_log().matches("the database is asked at every request").count(), 1);

    // Through this server, too: what writes and what reads have gone over to the same file.
    let mut other = app.browser();
    other.login("alice", crate::app::PASSWORD).await.is(200, "");
    other.delete("/api/sessions").await.is(200, "");
    browser.get("/api/me").await.is(401, "session_ended");
    other.get("/api/me").await.is(200, "");
}

#[actix_web::test]
async fn a_new_index_is_noticed() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let Some(file) = file(&app) else { return };
    assert_eq!(queries(&mut browser).await, 0, "the cache answers");
    let (index, copy) = (beside(&file, "-shm"), beside(&file, "-shm.copy"));
    fs::copy(&index, &copy).unwrap();
    fs::rename(&copy, &index).unwrap();
    until(|| {
        let mut browser = browser.clone();
        async move { queries(&mut browser).await == 1 }
    })
    .await;
}

#[actix_web::test]
async fn without_the_file_nobody_is_served_and_none_is_made() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let Some(file) = file(&app) else { return };
    let copy = copy(&app, &file).await;
    move_away(&file);
    until(|| {
        let mut browser = browser.clone();
        async move { browser.get("/api/me").await.status == 503 }
    })
    .await;
    browser.get("/api/me").await.is(503, "unavailable");
    assert!(!file.exists());
    assert_eq!(browser.get("/api/health").await.status, 503);

    fs::rename(&copy, &file).unwrap();
    until(|| {
        let mut browser = browser.clone();
        async move { browser.get("/api/me").await.status == 200 }
    })
    .await;
    end_sessions(&app);
    until_refused(&browser).await;
}

#[actix_web::test]
async fn a_backup_in_the_files_place_is_not_served() {
    let app = spawn().await;
    let browser = app.signed_in("alice").await;
    let Some(file) = file(&app) else { return };
    let backup = beside(&file, ".backup");
    let made = app.hallpass(&["backup", backup.to_str().unwrap()], b"");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    end_sessions(&app);
    move_away(&file);
    fs::rename(&backup, &file).unwrap();
    // The session lives in the backup, and has ended since.
    until(|| {
        let mut browser = browser.clone();
        async move {
            let status = browser.get("/api/me").await.status;
            assert_ne!(status, 200);
            status == 503
        }
    })
    .await;
}
