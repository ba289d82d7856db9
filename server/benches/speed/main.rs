//! How fast Hallpass is, each figure measured in turn with what does the same and nothing else. `just bench` runs it.
//!
//! Only the shares mean anything: they hold on another machine, and nearly on a busy one.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod at_rest;
mod bare;
mod chart;
mod compare;
mod databases;
mod logins;
mod machine;
mod million;
mod nginx;
#[path = "../../tests/api/process.rs"]
mod process;
mod requests;
mod static_files;
mod table;
mod visitor;
mod wrk;

use machine::{Cores, Machine};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, bodies @ ..] = arguments.as_slice()
        && name == bare::NAME
    {
        return bare::serve(bodies);
    }
    let machine = Machine::look();
    let mut figures = at_rest::measure();
    for cores in [Cores::One, Cores::All] {
        machine.use_cores(cores);
        let mut shares = requests::measure(&machine, cores);
        let (logins, memory) = logins::measure(&machine, cores);
        shares.extend(logins);
        shares.extend(static_files::measure(&machine, cores));
        println!("{}", table::shares(cores, &shares));
        if cores == Cores::One {
            figures.extend(memory);
            figures.push(million::measure(&machine));
            chart::write(&shares);
        }
    }
    println!("{}", table::figures(&figures));
    databases::measure(&machine);
}
