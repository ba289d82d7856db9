//! One of three nodes dies under load and comes back.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::{join_all, join3};
use sqlx::{Connection, MySqlConnection};
use tokio::time::{Instant, sleep};

use crate::node::Node;
use crate::{Cluster, browser};

/// The options of Galera whose periods may pass, one after the other, until the others go on without a silent node.
const UNTIL_GIVEN_UP: [&str; 4] = [
    // How often a node gives a sign of life: the first that is missed was not due before.
    "evs.keepalive_period",
    // How long it may be silent before it is suspected.
    "evs.suspect_timeout",
    // How often the others look for silence.
    "evs.inactive_check_period",
    // How soon they say again who is left, where that was not heard.
    "evs.join_retrans_period",
];
/// What Hallpass may add until a server answers again: a request that the cluster gave up is begun anew, up to three times,
/// at most 20, 40 and 80 ms later, with a password's hash before it. The rest is for the machine.
const HALLPASS_ADDS: Duration = Duration::from_secs(1);
/// How long the node is away.
const AWAY: Duration = Duration::from_secs(15);

/// What the clients of one server met.
#[derive(Debug, Default)]
struct Tally {
    answered: Cell<u32>,
    unavailable: Cell<u32>,
    gap: Gap,
}

/// The longest time without a success.
#[derive(Debug, Default)]
struct Gap {
    last: Cell<Option<Instant>>,
    longest: Cell<Duration>,
}

impl Gap {
    fn end(&self) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(Some(now)) {
            self.longest.set(self.longest.get().max(now - last));
        }
    }
}

impl Tally {
    fn count(&self, status: u16) {
        match status {
            200 => {
                self.gap.end();
                self.answered.set(self.answered.get() + 1);
            }
            503 => self.unavailable.set(self.unavailable.get() + 1),
            other => panic!("a {other} while a node was away"),
        }
    }
}

/// Writes through a node that stays, without Hallpass: what of the others' gap is the cluster's.
async fn write(node: &Node, gap: &Gap, stop: &Cell<bool>) {
    let mut connection = MySqlConnection::connect(&node.url("mysql")).await.unwrap();
    sqlx::query("CREATE TABLE written (number BIGINT NOT NULL PRIMARY KEY)").execute(&mut connection).await.unwrap();
    for number in 0_i64.. {
        if stop.get() {
            break;
        }
        if sqlx::query("INSERT INTO written VALUES (?)").bind(number).execute(&mut connection).await.is_ok() {
            gap.end();
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn galera_gives_up_after(node: &Node) -> Duration {
    let mut sum = Duration::ZERO;
    for name in UNTIL_GIVEN_UP {
        let period = node.provider_option(name).await;
        let seconds = period.strip_prefix("PT").and_then(|period| period.strip_suffix('S')?.parse().ok());
        sum += Duration::from_secs_f32(seconds.unwrap_or_else(|| panic!("{name} is {period}")));
    }
    sum
}

pub async fn one_of_three_nodes_dies_under_load(cluster: &mut Cluster) {
    for person in 0..4 {
        cluster.create(&[&format!("person{person}")]);
    }
    let at: [_; 3] = std::array::from_fn(|number| cluster.at(number));
    let client = &cluster.client;
    let [killed, stays, _] = &mut cluster.nodes;
    let limit = galera_gives_up_after(stays).await;

    let tallies: [Tally; 3] = Default::default();
    let (database, stop) = (Gap::default(), Cell::new(false));
    let acknowledged = RefCell::new(Vec::new());
    let people = (0..6_usize).map(|person| {
        let (tallies, acknowledged, stop) = (&tallies, &acknowledged, &stop);
        async move {
            let server = person % 3;
            while !stop.get() {
                let (status, cookie) = browser::login(client, at[server], &format!("person{}", person % 4)).await;
                tallies[server].count(status);
                if status == 200 {
                    tallies[server].count(browser::me(client, at[server], &cookie).await.0);
                    acknowledged.borrow_mut().push(cookie);
                }
            }
        }
    });
    let rejoining = Cell::new(Duration::ZERO);
    let accident = async {
        sleep(Duration::from_secs(3)).await;
        killed.kill().await;
        sleep(AWAY).await;
        let begun = Instant::now();
        killed.rejoin().await;
        rejoining.set(begun.elapsed());
        sleep(Duration::from_secs(5)).await;
        stop.set(true);
    };
    join3(join_all(people), write(stays, &database, &stop), accident).await;

    println!(
        "a node killed for {:.1} s, back after {:.1} s; writing through another had to wait {:.1} s, by Galera's timers {:.1} s",
        AWAY.as_secs_f32(),
        rejoining.get().as_secs_f32(),
        database.longest.get().as_secs_f32(),
        limit.as_secs_f32(),
    );
    for (number, tally) in tallies.iter().enumerate() {
        println!(
            "server {} (its node {}): {} answered, {} times 503, nothing else, {:.1} s without an answer at most",
            number + 1,
            if number == 0 { "was killed" } else { "stayed" },
            tally.answered.get(),
            tally.unavailable.get(),
            tally.gap.longest.get().as_secs_f32(),
        );
    }
    for tally in &tallies[1..] {
        assert!(tally.gap.longest.get() <= limit + HALLPASS_ADDS, "the others wait too long");
    }
    let acknowledged = acknowledged.into_inner();
    for (number, cookie) in acknowledged.iter().enumerate() {
        assert_eq!(browser::me(client, at[number % 3], cookie).await.0, 200, "an acknowledged login was lost");
    }
    println!("{} acknowledged logins, none lost", acknowledged.len());
}
