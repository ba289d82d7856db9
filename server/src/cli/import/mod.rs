//! `hallpass user import`: people of another system, with the hashes of their passwords. All of them, or nobody.

mod check;
mod read;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use self::check::{Checker, Person};
use self::read::Records;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Tx, rows};
use crate::users::model::NO_PASSWORD;
use crate::users::queries::{self as users, InsertError, NewAccount};

/// Characters of a reason at most: part of it may come from the file.
const MAX_REASON: usize = 300;

pub(super) const EXAMPLES: &str = "Examples:
  hallpass user import people.csv --dry-run
  hallpass user import people.csv
  other-system export | hallpass user import - --format jsonl

people.csv:
  username,email,full_name,role,disabled,password_hash
  alice,alice@example.com,Alice Moore,admin,false,$2b$12$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S
  bob,bob@example.com,,,,

people.jsonl:
  {\"username\": \"alice\", \"email\": \"alice@example.com\", \"role\": \"admin\", \"password_hash\": \"$2b$12$...\"}
  {\"username\": \"bob\"}

Only the username is required. CSV may use semicolons or tabs, and UTF-16; JSON may be a list. Hashes: Argon2, bcrypt, PBKDF2,
scrypt, phpass, as WordPress, Django, Keycloak and ASP.NET Core write them. People without one need a link:
`hallpass user reset-link NAME`. docs/IMPORT.md explains how to export from other systems.";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to read: .csv, .tsv, .jsonl, .ndjson or .json, or - for standard input
    file: PathBuf,
    /// What the file holds, where its name does not say it
    #[arg(long)]
    format: Option<Format>,
    /// Check everything, write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { file, format, dry_run } = arguments;
    let format =
        format.or_else(|| format_of(&file)).context("say what the file holds: --format csv or --format jsonl")?;
    let (source, length) = open(&file)?;
    let bar = bar("reading", length)?;
    let records = Records::new(source, matches!(format, Format::Csv))?;
    let (_, db) = super::open().await?;
    let now = Clock::system().now();
    let people = read(records, &db, now, &bar).await?;
    let without = people.iter().filter(|person| person.password_hash == NO_PASSWORD).count();
    if !dry_run {
        write(&db, &people, now).await?;
    }
    println!(
        "{} people {} imported; {} of them without a password.",
        HumanCount(people.len() as u64),
        if dry_run { "can be" } else { "were" },
        HumanCount(without as u64),
    );
    Ok(())
}

fn format_of(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
        _ => None,
    }
}

fn open(file: &Path) -> anyhow::Result<(Box<dyn Read>, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let open = || {
        let source = File::open(file)?;
        let length = source.metadata()?.len();
        Ok::<_, io::Error>((source, length))
    };
    let (source, length) = open().with_context(|| format!("cannot read {}", file.display()))?;
    Ok((Box::new(source), Some(length)))
}

/// A bar on a terminal, nothing elsewhere.
fn bar(message: &'static str, length: Option<u64>) -> anyhow::Result<ProgressBar> {
    let template = if length.is_some() { "{msg:<8} {wide_bar} {percent} %" } else { "{msg:<8} {human_pos} bytes" };
    let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
    Ok(bar.with_style(ProgressStyle::with_template(template)?).with_message(message))
}

/// Everybody in the file. Reports every record that is refused; one is enough to import nobody.
async fn read(mut records: Records<'_>, db: &Db, now: Timestamp, bar: &ProgressBar) -> anyhow::Result<Vec<Person>> {
    let mut checker = Checker::new(now);
    let (mut people, mut number, mut refused) = (Vec::new(), 0_u64, 0_u64);
    loop {
        let mut batch = Vec::with_capacity(rows::BATCH);
        while batch.len() < rows::BATCH
            && let Some((line, record)) = records.next()?
        {
            number += 1;
            let place = records.place(line, number);
            batch.push((place, record.and_then(|record| checker.check(place, record))));
        }
        if batch.is_empty() {
            break;
        }
        check::refuse_taken(db, &mut batch).await?;
        bar.set_position(records.consumed());
        for (place, person) in batch {
            match person {
                Ok(person) => people.push(person),
                Err(reason) => {
                    refused += 1;
                    bar.suspend(|| eprintln!("{place}: {}", printable(&reason)));
                }
            }
        }
        if refused > 0 {
            people.clear();
        }
    }
    bar.finish_and_clear();
    match (number, refused) {
        (0, _) => bail!("there is nobody in the file"),
        (_, 0) => Ok(people),
        _ => bail!(
            "{} of {} {} were refused: nothing was imported",
            HumanCount(refused),
            HumanCount(number),
            records.unit()
        ),
    }
}

/// A reason may quote the file, which may hold what moves a terminal's cursor.
fn printable(reason: &str) -> String {
    reason.chars().take(MAX_REASON).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

async fn write(db: &Db, people: &[Person], now: Timestamp) -> anyhow::Result<()> {
    let bar = bar("writing", Some(people.len() as u64))?;
    let written = db
        .write(async |tx: &mut Tx| {
            bar.set_position(0);
            for people in people.chunks(rows::BATCH) {
                let accounts: Vec<_> = people.iter().map(|person| (account(person, now), person.disabled)).collect();
                users::insert_many(tx, &accounts).await?;
                let entry = |person| Entry::new(Event::AccountCreated, now).about(person).detail("imported");
                let entries: Vec<_> = people.iter().map(|person| entry(&person.id)).collect();
                audit::queries::insert_many(tx, &entries).await?;
                bar.inc(people.len() as u64);
            }
            Ok(())
        })
        .await;
    bar.finish_and_clear();
    match written {
        Err(InsertError::Taken | InsertError::Confusable) => {
            bail!("a username or e-mail address of the file was taken meanwhile: nothing was imported, run it again")
        }
        written => Ok(written?),
    }
}

fn account(person: &Person, created_at: Timestamp) -> NewAccount<'_> {
    NewAccount {
        id: &person.id,
        username: &person.username,
        email: person.email.as_deref(),
        full_name: &person.full_name,
        role: person.role,
        password_hash: &person.password_hash,
        created_at,
    }
}
