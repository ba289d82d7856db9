//! Moving people in from another system.

use std::process::Output;
use std::time::{Duration, Instant};

use hallpass::db::Tx;
use hallpass::identity::{Role, new_id};
use hallpass::users::queries::{self as users, InsertError, NewAccount};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, spawn};

/// Every form of hash, all made of [`PASSWORD`] by the systems themselves (see the tests of `secret::hasher`).
const HASHES: &str = include_str!("../data/legacy_hashes.csv");
const TODAY: &str = "$argon2id$v=19$m=64,t=1,p=1$";
const BCRYPT: &str = "$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn reported(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().filter(|line| !line.starts_with("Database: ")).map(str::to_owned).collect()
}

#[track_caller]
fn imports(app: &TestApp, format: &str, text: &str) -> String {
    let output = app.hallpass(&["user", "import", "-", "--format", format], text.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{:?}", reported(&output));
    assert_eq!(reported(&output), [""; 0]);
    said(&output)
}

/// Imports nothing, for these reasons.
#[track_caller]
fn refuses(app: &TestApp, format: &str, text: &[u8], reasons: &[&str]) {
    let output = app.hallpass(&["user", "import", "-", "--format", format], text);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(reported(&output), reasons);
    assert_eq!(said(&output), "");
}

async fn stored_hash(app: &TestApp, username: &str) -> String {
    users::find_by_name(&app.db, username).await.unwrap().unwrap().password_hash
}

async fn people(app: &TestApp) -> i64 {
    app.number("SELECT COUNT(*) FROM user_account").await
}

#[actix_web::test]
async fn every_form_of_hash_signs_in_and_is_made_anew() {
    let app = spawn().await;
    assert_eq!(imports(&app, "csv", HASHES), "27 people were imported; 0 of them without a password.\n");
    let names = HASHES.lines().skip(1).map(|line| line.split_once(',').unwrap().0);
    for (number, name) in names.enumerate() {
        let foreign = stored_hash(&app, name).await;
        if number % 4 == 0 {
            app.browser().login(name, "correct horse battery stapl").await.is(401, "invalid_credentials");
            assert_eq!(stored_hash(&app, name).await, foreign, "{name}: only the right password is hashed anew");
        }
        app.browser().login(name, PASSWORD).await.is(200, "");
        let ours = stored_hash(&app, name).await;
        assert!(ours != foreign && ours.starts_with(TODAY), "{name}: {ours}");
        app.browser().login(name, PASSWORD).await.is(200, "");
        assert_eq!(stored_hash(&app, name).await, ours, "{name}: once is enough");
    }
}

#[actix_web::test]
async fn tokens_too_are_given_for_a_foreign_hash() {
    let app = spawn().await;
    imports(&app, "csv", HASHES);
    let form = [("grant_type", "password"), ("username", "bcrypt-2b"), ("password", PASSWORD)];
    app.browser().form("/api/token", &form).await.is(200, "");
    assert!(stored_hash(&app, "bcrypt-2b").await.starts_with(TODAY));
}

/// Hashes that would take minutes, or all memory.
fn hostile() -> Vec<(String, &'static str)> {
    let tag = "c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ";
    vec![
        (BCRYPT.replace("$05$", "$31$"), "has a bcrypt cost that is not computed: 4 to 14 are"),
        (
            BCRYPT.replace("$2b$", "$2x$"),
            "is of bcrypt's faulty form $2x$, which takes different passwords for the same",
        ),
        (
            format!("pbkdf2_sha256$4000000000$salt${tag}"),
            "has a number of PBKDF2 iterations that is not computed: 1 to 2000000 are",
        ),
        (
            format!("$pbkdf2-sha256$2000001$c2FsdHNhbHQ${tag}"),
            "has a number of PBKDF2 iterations that is not computed: 1 to 2000000 are",
        ),
        (
            format!("$pbkdf2-sha512$i=1000001,l=32$c2FsdHNhbHQ${tag}"),
            "has a number of PBKDF2 iterations that is not computed: 1 to 1000000 are with SHA-512",
        ),
        (
            "AQAAAAL/////AAAAEBAREhMUFRYXGBkaGxwdHh/F4BaVcD8R9fRjxlfxj5P45hAzW0fN0SqoXsp88DmtAg==".to_owned(),
            "has a number of PBKDF2 iterations that is not computed: 1 to 1000000 are with SHA-512",
        ),
        (
            "$P$z9kQz3xVnZzbVRRFEFkc5NjsExPn2y0".to_owned(),
            "has a number of phpass rounds that is not computed: 2^7 to 2^18 are",
        ),
        (BCRYPT.replace("$2b$05$", "$wp$2y$31$"), "has a bcrypt cost that is not computed: 4 to 14 are"),
        (
            format!("$scrypt$ln=1073741824,r=8,p=1$c2FsdHNhbHQ${tag}"),
            "asks for too much work: 128 * N * r * p may be at most 128 MiB",
        ),
        (format!("scrypt$1073741824$salt$8$1${tag}"), "asks for too much work: 128 * N * r * p may be at most 128 MiB"),
        (
            format!("$scrypt$ln=14,r=8,p=4000000000$c2FsdHNhbHQ${tag}"),
            "asks for too much work: 128 * N * r * p may be at most 128 MiB",
        ),
        (
            format!("$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ${tag}"),
            "asks for too much work: at most m=131072, t=10 and p=16 are computed",
        ),
        (
            format!("argon2$argon2i$v=19$m=64,t=4000000,p=1$c2FsdHNhbHQ${tag}"),
            "asks for too much work: at most m=131072, t=10 and p=16 are computed",
        ),
    ]
}

#[actix_web::test]
async fn hashes_that_ask_for_too_much_are_never_computed() {
    let app = spawn().await;
    let mut text = "username,password_hash\n".to_owned();
    let mut reasons = Vec::new();
    for (number, (hash, reason)) in hostile().into_iter().enumerate() {
        text.extend(["p", &number.to_string(), ",\"", &hash, "\"\n"]);
        reasons.push(format!("line {}: password_hash {reason}", number + 2));
    }
    reasons.push("hallpass: 13 of 13 lines were refused: nothing was imported".to_owned());
    let started = Instant::now();
    refuses(&app, "csv", text.as_bytes(), &reasons.iter().map(String::as_str).collect::<Vec<_>>());

    // Somebody may have written one into the database all the same.
    app.person("alice").await;
    for (hash, _) in hostile() {
        app.store_hash("alice", &hash).await;
        let before = app.hasher.computed();
        app.browser().login("alice", PASSWORD).await.is(401, "invalid_credentials");
        assert_eq!(app.hasher.computed() - before, 1, "{hash}: as for a name that nobody has");
        // Longer than anybody has to wait for the next attempt.
        app.advance(900);
    }
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[actix_web::test]
async fn people_are_as_the_file_says() {
    let app = spawn().await;
    let csv = format!(
        "\u{feff}email,username,role,disabled,full_name,password_hash\r\n\
         A@Example.com,Alice,admin,f,\"Moore, \"\"Al\"\"\",{BCRYPT}\r\n\
         ,bob,,TRUE,,{BCRYPT}\r\n\
         \r\n\
         c@example.com,carol,member,0,=cmd|' /C calc'!A0,"
    );
    assert_eq!(imports(&app, "csv", &csv), "3 people were imported; 1 of them without a password.\n");

    let alice = users::find_by_name(&app.db, "a@example.COM").await.unwrap().unwrap();
    assert_eq!((alice.username.as_str(), alice.email.as_deref()), ("Alice", Some("A@Example.com")));
    assert_eq!((alice.full_name.as_str(), alice.role, alice.disabled), ("Moore, \"Al\"", Role::Admin, false));
    let mut browser = app.browser();
    browser.login("alice", PASSWORD).await.is(200, "");
    assert_eq!(browser.get("/api/me").await.json()["role"], "admin");

    let bob = users::find_by_name(&app.db, "bob").await.unwrap().unwrap();
    assert_eq!((bob.email, bob.role, bob.disabled), (None, Role::Member, true));
    app.browser().login("bob", PASSWORD).await.is(401, "invalid_credentials");

    let carol = users::find_by_name(&app.db, "carol").await.unwrap().unwrap();
    assert_eq!(carol.full_name, "=cmd|' /C calc'!A0", "a formula is a text like any other");
    app.browser().login("carol", "a password").await.is(401, "invalid_credentials");
    let link = app.hallpass(&["user", "reset-link", "carol"], b"");
    let token = said(&link).trim().rsplit_once('/').unwrap().1.to_owned();
    let password = json!({"password": "some words nobody guesses"});
    // The program's clock is ahead of the server's, which stands still.
    app.browser().post(&format!("/api/links/{token}"), password).await.is(204, "");
    app.browser().login("carol", "some words nobody guesses").await.is(200, "");

    let noted = "SELECT COUNT(*) FROM audit_event a JOIN user_account u ON u.id = a.user_id \
                 WHERE a.event = 'account_created' AND a.detail = 'imported' AND a.actor_id IS NULL AND a.at = u.created_at";
    assert_eq!(app.number(noted).await, 3);
}

#[actix_web::test]
async fn json_lines_say_the_same() {
    let app = spawn().await;
    let lines = [
        json!({"username": "alice", "email": "a@example.com", "full_name": "Alice\u{e4}", "role": "admin",
               "disabled": false, "password_hash": BCRYPT}),
        json!({"username": "bob", "email": null, "full_name": null, "role": null, "disabled": null, "password_hash": null}),
        json!({"disabled": true, "username": "carol", "email": ""}),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in ["people.jsonl", "people.ndjson", "people.JSON"].into_iter().enumerate() {
        let file = folder.path().join(name);
        std::fs::write(&file, text.replace("alice", "alice1")).unwrap();
        let file = file.to_str().unwrap();
        let dry = app.hallpass(&["user", "import", file, "--dry-run"], b"");
        assert_eq!(
            said(&dry),
            "3 people can be imported; 2 of them without a password.\n",
            "{number}: {:?}",
            reported(&dry)
        );
    }
    assert_eq!(imports(&app, "jsonl", &text), "3 people were imported; 2 of them without a password.\n");
    let alice = users::find_by_name(&app.db, "alice").await.unwrap().unwrap();
    assert_eq!((alice.full_name.as_str(), alice.role), ("Alice\u{e4}", Role::Admin));
    app.browser().login("alice", PASSWORD).await.is(200, "");
    let bob = users::find_by_name(&app.db, "bob").await.unwrap().unwrap();
    assert_eq!((bob.email, bob.full_name.as_str(), bob.disabled), (None, "", false));
    assert!(users::find_by_name(&app.db, "carol").await.unwrap().unwrap().disabled);
    refuses(
        &app,
        "jsonl",
        b"[\"x\"]\n{\"username\":\"y\",\"password\":\"z\"}\n{\"email\":\"y@example.com\"}\n{\"username\":\"dave\"}\n\
          {\"username\":\"z\",\"\\u001b[2J\":1}\n{\"username\":\"v\\u0000\"}\n{\"username\":\"w\",\"full_name\":\"\\u0000\"}\n",
        &[
            "line 1: is not the JSON object of a person: invalid type: sequence, expected an object (column 0)",
            "line 2: is not the JSON object of a person: unknown field `password`, expected one of `username`, `email`, \
             `full_name`, `role`, `disabled`, `password_hash` (column 26)",
            "line 3: is not the JSON object of a person: missing field `username` (column 25)",
            "line 5: is not the JSON object of a person: unknown field `\u{fffd}[2J`, expected one of `username`, `email`, \
             `full_name`, `role`, `disabled`, `password_hash` (column 27)",
            "line 6: username must have 1 to 64 letters, digits, dots, underscores or hyphens",
            "line 7: full_name must not contain control characters",
            "hallpass: 6 of 7 lines were refused: nothing was imported",
        ],
    );
}

#[actix_web::test]
async fn every_refused_line_is_named_and_nothing_is_written() {
    let app = spawn().await;
    app.person_with("Zoë", Some("zoe@example.com"), "", Role::Member).await;
    let before = (people(&app).await, app.number("SELECT COUNT(*) FROM audit_event").await);
    let long = "x".repeat(70_000);
    let name = "x".repeat(201);
    let lines: Vec<Vec<u8>> = vec![
        b"username,email,full_name,role,disabled,password_hash".into(),
        format!("alice,alice@example.com,,,,{BCRYPT}").into(),
        b"ALICE,Alice@EXAMPLE.com,,,,".into(),
        "ZO\u{cb},,,,,".into(),
        b"dave,ZOE@example.com,,,,".into(),
        b"e f,nowhere,,root,maybe,".into(),
        b"e f,nowhere,,root,,junk".into(),
        b",,,,,".into(),
        b"frank".into(),
        b"grace,\xff,,,,".into(),
        b"heidi,h\0@example.com,,,,".into(),
        format!("ivan,,{long},,,").into(),
        format!("judy,,{name},,,").into(),
        b"ken,,\"a".into(),
        b"b\",,,".into(),
        "leo,,a\u{202e}b,,,".into(),
        b"mia,,,,,!unusable".into(),
        b"nina,nina@example.com,,,,".into(),
    ];
    refuses(
        &app,
        "csv",
        &lines.join(&b'\n'),
        &[
            "line 3: username is that of line 2; email is that of line 2",
            "line 4: username is taken",
            "line 5: email is taken",
            "line 6: disabled must be true or false",
            "line 7: username must have 1 to 64 letters, digits, dots, underscores or hyphens; email must be an e-mail address; \
             role must be member or admin; password_hash is not in a known format: Argon2, bcrypt, PBKDF2 with SHA-256 or SHA-512, scrypt and phpass are",
            "line 8: username must have 1 to 64 letters, digits, dots, underscores or hyphens",
            "line 9: has 1 fields, the header 6",
            "line 10: is not UTF-8",
            "line 11: contains a NUL byte",
            "line 12: is longer than 64 KiB",
            "line 13: full_name must have at most 200 characters",
            "line 14: has a quoted field that does not end in the same line",
            "line 15: has 4 fields, the header 6",
            "line 16: full_name must not contain control characters",
            "line 17: password_hash is Django's mark for no password: leave it empty",
            "hallpass: 15 of 17 lines were refused: nothing was imported",
        ],
    );
    assert_eq!((people(&app).await, app.number("SELECT COUNT(*) FROM audit_event").await), before);
}

#[actix_web::test]
async fn files_that_are_none_are_refused_as_a_whole() {
    let app = spawn().await;
    for (text, reason) in [
        ("", "hallpass: the file is empty"),
        ("username\n", "hallpass: there is nobody in the file"),
        ("email\na@example.com\n", "hallpass: the column username is missing"),
        ("username,username\na,b\n", "hallpass: the column username is there twice"),
        (
            "username,password\na,b\n",
            "hallpass: there is no column \"password\": the columns are username, email, full_name, role, disabled, \
             password_hash, separated by commas, semicolons or tabs",
        ),
    ] {
        refuses(&app, "csv", text.as_bytes(), &[reason]);
    }
    refuses(&app, "jsonl", b"\n\n", &["hallpass: there is nobody in the file"]);
    let folder = app.folder.path();
    std::fs::write(folder.join("people.txt"), "username\n").unwrap();
    for (file, word) in
        [("nowhere.csv", "cannot read nowhere.csv"), ("people.txt", "--format csv"), ("-", "--format csv")]
    {
        let output = app.hallpass(&["user", "import", file], b"");
        assert_eq!(output.status.code(), Some(1));
        assert!(reported(&output)[0].contains(word), "{:?}", reported(&output));
    }
    assert_eq!(app.hallpass(&["user", "import"], b"").status.code(), Some(2));
    assert_eq!(app.hallpass(&["user", "import", "-", "--format", "xml"], b"").status.code(), Some(2));
}

#[actix_web::test]
async fn a_dry_run_checks_everything_and_writes_nothing() {
    let app = spawn().await;
    app.person("zoe").await;
    let before = (people(&app).await, app.number("SELECT COUNT(*) FROM audit_event").await);
    let dry = |text: &str| app.hallpass(&["user", "import", "-", "--format", "csv", "--dry-run"], text.as_bytes());
    let good = dry("username\nalice\nbob\n");
    assert_eq!(said(&good), "2 people can be imported; 2 of them without a password.\n");
    let bad = dry("username\nalice\nZOE\n");
    assert_eq!(bad.status.code(), Some(1));
    assert_eq!(
        reported(&bad),
        ["line 3: username is taken", "hallpass: 1 of 2 lines were refused: nothing was imported"]
    );
    assert_eq!((people(&app).await, app.number("SELECT COUNT(*) FROM audit_event").await), before);
}

/// The check before may be out of date when the writing comes: the unique columns have the last word.
#[actix_web::test]
async fn a_name_that_is_taken_meanwhile_undoes_everything() {
    let app = spawn().await;
    app.person_with("zoe", Some("zoe@example.com"), "", Role::Member).await;
    for (username, email) in [("ZOE", None), ("other", Some("Zoe@Example.com"))] {
        let now = app.clock.now();
        let ids = [new_id(now), new_id(now)];
        let account = |number: usize, username, email| {
            let id = ids[number].as_str();
            let new = NewAccount {
                id,
                username,
                email,
                full_name: "",
                role: Role::Member,
                password_hash: "",
                created_at: now,
            };
            (new, false)
        };
        let write = async |tx: &mut Tx| {
            users::insert_many(tx, &[account(0, "alice", None)]).await?;
            users::insert_many(tx, &[account(1, username, email)]).await
        };
        let outcome = app.db.write(write).await;
        assert!(matches!(outcome, Err(InsertError::Taken)), "{outcome:?}");
        assert_eq!(people(&app).await, 1);
    }
}

/// The code blocks of docs/IMPORT.md in this language.
fn examples(language: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/IMPORT.md");
    let blocks = page.split("\n```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap());
    blocks.filter(|(name, _)| *name == language).map(|(_, code)| code).collect()
}

#[actix_web::test]
async fn the_examples_of_the_page_are_imported() {
    let app = spawn().await;
    let [csv] = examples("csv")[..] else { panic!("one example in CSV") };
    imports(&app, "csv", csv);
    for line in csv.lines().skip(1) {
        app.browser().login(line.split_once(',').unwrap().0, PASSWORD).await.is(200, "");
    }
    let [lines] = examples("jsonl")[..] else { panic!("one example in JSON lines") };
    assert_eq!(imports(&app, "jsonl", lines), "2 people were imported; 1 of them without a password.\n");
    app.browser().login("alice@example.com", PASSWORD).await.is(200, "");
}

/// The hashes were made by Werkzeug 3.1.9, and by Python's hashlib with better-auth's parameters.
#[actix_web::test]
async fn the_page_converts_hexadecimal_hashes() {
    let app = spawn().await;
    let [_, script] = examples("python")[..] else { panic!("two scripts in Python") };
    std::fs::write(app.folder.path().join("convert.py"), script).unwrap();
    let exported = format!(
        "username,password_hash\n\
         flask,scrypt:32768:8:1$TC0BKrb4DQyyZjEK$16a9d908f7c102d85fa95de3be4f2bac6245c0971ae546f6496e460b1f37912d68dff442fb63\
         230c4a6c84be29cec2721127fa17131dd15803c15119e0ea29ce\n\
         flask-old,pbkdf2:sha256:1000$dJaV3I9SdHcZFhdM$d9d54c029e4d23ef1c3872f520201c5448a7d5259493e0b5a5e2d4c7152b7469\n\
         better-auth,0f1e2d3c4b5a69788796a5b4c3d2e1f0:ce0a7f7f79cc59b12da1aad85312903aec34216177c1f787b73ffa7cd06379b70e5dba2\
         7e21302e5e413460e920aaee30ae13db40516854baf1eff56c90edda7\n\
         bcrypt,{BCRYPT}\nnone,\n"
    );
    std::fs::write(app.folder.path().join("exported.csv"), exported).unwrap();
    let file = std::fs::File::open(app.folder.path().join("exported.csv")).unwrap();
    let mut python = std::process::Command::new("python3");
    let output =
        python.arg(app.folder.path().join("convert.py")).stdin(file).output().expect("python3 runs the example");
    assert!(output.status.success(), "{:?}", reported(&output));
    assert_eq!(imports(&app, "csv", &said(&output)), "5 people were imported; 1 of them without a password.\n");
    for name in ["flask", "flask-old", "better-auth", "bcrypt"] {
        app.browser().login(name, PASSWORD).await.is(200, "");
    }
}

/// The hashes of PBKDF2 were made by Python's hashlib, that of Argon2 by argon2-cffi; the file is as `kc.sh export` writes it.
#[actix_web::test]
async fn the_page_converts_an_export_of_keycloak() {
    let app = spawn().await;
    let [script, _] = examples("python")[..] else { panic!("two scripts in Python") };
    std::fs::write(app.folder.path().join("keycloak.py"), script).unwrap();
    let credentials = |secret: Value, data: Value| json!([{"type": "otp"}, {"type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()}]);
    let sha512 = credentials(
        json!({"value": "bdU6GwkfURxX8QON27DZ9qM3rEHxe07sJktAdS2pm3L1sw3HiiOn3VL6FxZKnLlslDC/OIMJnnZ5jNcBJ8Tf9g==",
               "salt": "a2V5Y2xvYWsgc2FsdCAxNg==", "additionalParameters": {}}),
        json!({"hashIterations": 1000, "algorithm": "pbkdf2-sha512", "additionalParameters": {}}),
    );
    let argon2 = credentials(
        json!({"value": "eu7BkjcmYI5X6bXcMG4wis+L4T/o0F8CsSb+pZblEHU=", "salt": "6u+kvvxrY2j/Rhllo5JTYg=="}),
        json!({"hashIterations": 2, "algorithm": "argon2", "additionalParameters": {
            "hashLength": ["32"], "memory": ["256"], "type": ["id"], "version": ["1.3"], "parallelism": ["4"]}}),
    );
    let realm = json!({"realm": "x", "users": [
        {"username": "sha512", "enabled": true, "email": "a@example.com", "credentials": sha512, "realmRoles": ["admin"]},
        {"username": "argon2", "enabled": true, "firstName": "Al", "lastName": "Moore", "credentials": argon2},
        {"username": "nobody@example.com", "enabled": false},
    ]});
    std::fs::write(app.folder.path().join("realm.json"), realm.to_string()).unwrap();
    let file = std::fs::File::open(app.folder.path().join("realm.json")).unwrap();
    let mut python = std::process::Command::new("python3");
    let output =
        python.arg(app.folder.path().join("keycloak.py")).stdin(file).output().expect("python3 runs the example");
    assert!(output.status.success(), "{:?}", reported(&output));
    assert_eq!(imports(&app, "jsonl", &said(&output)), "3 people were imported; 1 of them without a password.\n");
    for name in ["sha512", "argon2"] {
        app.browser().login(name, PASSWORD).await.is(200, "");
    }
    let admin = users::find_by_name(&app.db, "sha512").await.unwrap().unwrap();
    assert_eq!((admin.role, admin.email.as_deref()), (Role::Admin, Some("a@example.com")));
    let disabled = users::find_by_name(&app.db, "nobody_example.com").await.unwrap().unwrap();
    assert!(disabled.disabled);
}

/// As spreadsheets, PowerShell and exports write them.
#[actix_web::test]
async fn files_of_other_programs_are_read() {
    let app = spawn().await;
    let utf16: Vec<u8> =
        "\u{feff}username;email\r\na5;a5@example.com\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&str, &[u8]); 8] = [
        ("1.csv", "\u{feff}username;email\r\na1;a1@example.com\r\n".as_bytes()),
        ("2.tsv", b"username\temail\na2\ta2@example.com\n"),
        ("3.csv", b"Username,Email\na3,a3@example.com\n"),
        ("4.csv", b"username, email\na4, a4@example.com\n"),
        ("5.csv", &utf16),
        ("6.json", b"[\n  {\n    \"username\": \"a6\",\n    \"email\": \"a6@example.com\"\n  }\n]\n"),
        ("7.json", b"{\n  \"UserName\": \"a7\",\n  \"Email\": \"a7@example.com\"\n}\n"),
        ("8.csv", b"sep=;\n\"User Name\";E-Mail\n\"a8\";a8@example.com\n"),
    ];
    for (number, (name, bytes)) in files.into_iter().enumerate() {
        std::fs::write(app.folder.path().join(name), bytes).unwrap();
        let output = app.hallpass(&["user", "import", name], b"");
        assert!(output.status.success(), "{name}: {:?}", reported(&output));
        let username = format!("a{}", number + 1);
        let account = users::find_by_name(&app.db, &username).await.unwrap().expect(name);
        assert_eq!(account.email, Some(format!("{username}@example.com")));
    }
    let list = b"[{\"username\": \"b\"},\n {\"username\": \"a1\"}]";
    let reasons =
        ["object 2 (line 2): username is taken", "hallpass: 1 of 2 objects were refused: nothing was imported"];
    refuses(&app, "jsonl", list, &reasons);
}

#[actix_web::test]
async fn objects_of_one_line_are_told_apart() {
    let app = spawn().await;
    let list = br#"[{"username":"a","email":"a@example.com"},{"username":"b"},{"username":"A"},{"username":"c","email":"A@example.com"}]"#;
    let dry = app.hallpass(&["user", "import", "-", "--format", "jsonl", "--dry-run"], list);
    assert_eq!(dry.status.code(), Some(1));
    let reasons = [
        "object 3 (line 1): username is that of object 1 (line 1)",
        "object 4 (line 1): email is that of object 1 (line 1)",
        "hallpass: 2 of 4 objects were refused: nothing was imported",
    ];
    assert_eq!(reported(&dry), reasons);
    refuses(&app, "jsonl", list, &reasons);
}

/// More than one batch, with the one bad line at the very end or nowhere.
#[actix_web::test]
async fn ten_thousand_people_come_all_or_not_at_all() {
    let app = spawn().await;
    let header = "username,email,password_hash\n".to_owned();
    let person = |number| format!("person{number},person{number}@example.com,{BCRYPT}\n");
    let text: String = [header].into_iter().chain((0..10_000).map(person)).collect();
    let spoilt = format!("{text}person1,,\n");
    refuses(
        &app,
        "csv",
        spoilt.as_bytes(),
        &["line 10002: username is that of line 3", "hallpass: 1 of 10,001 lines were refused: nothing was imported"],
    );
    assert_eq!(people(&app).await, 0);
    assert_eq!(imports(&app, "csv", &text), "10,000 people were imported; 0 of them without a password.\n");
    assert_eq!(people(&app).await, 10_000);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE detail = 'imported'").await, 10_000);
    app.browser().login("person9999@example.com", PASSWORD).await.is(200, "");
    let again = app.hallpass(&["user", "import", "-", "--format", "csv"], text.as_bytes());
    let report = reported(&again);
    assert_eq!(report.len(), 10_001);
    assert_eq!(
        (report[0].as_str(), report[9_999].as_str()),
        ("line 2: username is taken; email is taken", "line 10001: username is taken; email is taken")
    );
}
