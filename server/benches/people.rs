//! How long it takes to find people among many, and to index them at the first start of a version that has the index. `just
//! bench-people` runs it; `BENCH_PEOPLE` says how many there are, and `BENCH_DATABASE_URL` in which (empty) database.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::time::{Duration, Instant};

use hallpass::clock::Timestamp;
use hallpass::config::DatabaseConfig;
use hallpass::db::rows::{self, BATCH, Value};
use hallpass::db::{Db, Tx, migrate};
use hallpass::identity::new_id;
use hallpass::users::index::fill;
use hallpass::users::search::queries::{self, Search};

const FIRST: [&str; 40] = [
    "Amara", "Björn", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hiroshi", "Inés", "Jonas", "Kavya", "Liam", "Maja",
    "Nuno", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tomasz", "Ursula", "Văn", "Wei", "Ximena", "Yusuf", "Zoë",
    "Anna", "Peter", "Maria", "José", "John", "Mary", "Ali", "Fatima", "Nguyên", "Lê", "Sofia", "Lukas", "Emma",
    "Noah",
];
const LAST: [&str; 50] = [
    "Adeyemi",
    "Bergström",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Nguyễn",
    "Kowalski",
    "López",
    "Müller",
    "Novák",
    "O’Neil",
    "Petrov",
    "Quispe",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ueda",
    "Vargas",
    "Weber",
    "Xu",
    "Yılmaz",
    "Zhang",
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Miller",
    "Davis",
    "Wilson",
    "Andersen",
    "Hansen",
    "Nielsen",
    "Łukasik",
    "Đặng",
    "Trần",
    "Schmidt",
    "Schneider",
    "Meyer",
    "Wagner",
    "Becker",
    "Straße",
    "Hoffmann",
    "Schäfer",
    "Koch",
];
const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
const ROUNDS: u32 = 7;

fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Accounts as a version without an index has left them.
async fn insert(db: &Db, people: u64) {
    const COLUMNS: &str =
        "id, username, username_folded, full_name, full_name_folded, role, password_hash, disabled, created_at";
    let text = |text: String| Value::Text(Some(text));
    let person = |number: u64| {
        let at = usize::try_from(number).unwrap();
        // Some names are more common than others.
        let (first, last) =
            (FIRST[at * at % 7919 % FIRST.len()], LAST[at / 3 % LAST.len() * (at % 3 + 1) % LAST.len()]);
        let username = format!("{}.{}.{number}", plain(first), plain(last));
        let full_name = format!("{first} {last}");
        vec![
            text(new_id(NOW)),
            text(username.clone()),
            text(username),
            text(full_name.clone()),
            text(full_name.to_lowercase()),
            text("member".to_owned()),
            text(String::new()),
            Value::Boolean(Some(number.is_multiple_of(50))),
            Value::Integer(Some(NOW.as_micros())),
        ]
    };
    for start in (0..people).step_by(20 * BATCH) {
        let numbers: Vec<u64> = (start..people.min(start + 20 * BATCH as u64)).collect();
        let write = async |tx: &mut Tx| {
            for numbers in numbers.chunks(BATCH) {
                let rows: Vec<_> = numbers.iter().map(|number| person(*number)).collect();
                rows::insert(tx, "user_account", COLUMNS, &rows).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        db.write(write).await.unwrap();
    }
}

async fn median<T>(mut ask: impl AsyncFnMut() -> T) -> (Duration, T) {
    let mut times = Vec::new();
    let mut answer = ask().await;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        answer = ask().await;
        times.push(began.elapsed());
    }
    times.sort();
    (times[times.len() / 2], answer)
}

async fn size(db: &Db) -> String {
    let Db::Sqlite { reader, .. } = db else { return String::new() };
    let bytes: i64 = sqlx::query_scalar(
        "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), \
        pragma_freelist_count(), pragma_page_size()",
    )
    .fetch_one(reader)
    .await
    .unwrap();
    format!(", {} MB", bytes / 1_000_000)
}

async fn run(url: String, people: u64) {
    let db = Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await.unwrap();
    migrate::run(&db).await.unwrap();
    insert(&db, people).await;
    println!("{people} people{}.", size(&db).await);
    let began = Instant::now();
    hallpass::db::patiently(fill::run(&db, |_| ())).await.unwrap();
    println!("Indexed in {:.0} s{}.", began.elapsed().as_secs_f64(), size(&db).await);
    let began = Instant::now();
    fill::run(&db, |_| ()).await.unwrap();
    println!("Found complete in {:.0} ms.\n", began.elapsed().as_secs_f64() * 1e3);

    println!("| search | people | first page | last page | count |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let last = people - 1;
    for words in [
        "",
        "a",
        "x",
        "an",
        "ann",
        "nguyen",
        "nguyen van",
        "an ng",
        "garcia jose",
        "smith",
        "oneil",
        "o'neil",
        "ström",
        "zhang zoe xu",
        "nobody",
        &last.to_string(),
    ] {
        let search = Search::new(words).with_disabled(Some(false));
        let (page, rows) = median(async || queries::directory(&db, &search, "", 21).await.unwrap()).await;
        let (end, _) = median(async || queries::directory(&db, &search, "zoe.z", 21).await.unwrap()).await;
        let (count, total) = median(async || queries::count(&db, &search).await.unwrap()).await;
        assert_eq!(rows.len(), usize::try_from(total).unwrap().min(21), "{words}");
        let [page, end, count] = [page, end, count].map(|time| time.as_secs_f64() * 1e3);
        println!("| `{words}` | {total} | {page:.1} ms | {end:.1} ms | {count:.1} ms |");
    }
}

fn main() {
    let people = std::env::var("BENCH_PEOPLE").ok().and_then(|people| people.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let here = format!("sqlite://{}/bench.db", folder.path().display());
    let url = std::env::var("BENCH_DATABASE_URL").unwrap_or(here);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(url, people));
}
