//! The daemon under load, killed again and again: is everything true that anybody was told?
//!
//! A crowd of people is verified through the API while the process is killed with SIGKILL at random
//! moments, during its recovery too, and started again at once. A trunk with phones, callers, a reader
//! of events and a receiver of webhooks live in this process, so they survive every kill, and write
//! down what they were told, heard and saw. The [`ledger`] compares, and is shown to object.
//!
//! `make crash N=1000` for more than the 30 kills of `make test`. Deliberately absent: the loss of
//! power and clocks that jump, which the journal's own tests have.

#![expect(clippy::disallowed_methods, reason = "a test of the whole waits for other processes")]
#![expect(clippy::disallowed_types, reason = "many threads write into one ledger")]
#![expect(clippy::print_stdout, reason = "a long run says how far it is")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod callers;
mod clock;
mod crowd;
mod daemon;
mod guesses;
#[path = "../it/http.rs"]
#[expect(dead_code, reason = "only the requests are used here")]
mod http;
mod ledger;
mod options;
mod people;
mod pulse;
mod reader;
mod receiver;
mod request;
mod run;
#[path = "../it/scrape.rs"]
#[expect(dead_code, reason = "the world of the other tests needs it")]
mod scrape;
mod trunk;
mod view;
mod work;
#[path = "../it/world.rs"]
#[expect(dead_code, reason = "only folder, configuration and process are used here")]
mod world;

/// D1–D5, D11, H4 and H7 at random.
#[test]
fn d01_nothing_that_was_told_is_lost_whenever_the_process_is_killed() {
    run::run(&options::Options::read());
}
