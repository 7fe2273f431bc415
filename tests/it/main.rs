//! The whole from outside: the real binary over real sockets, with the built-in trunk and its phones
//! beside it. Each test has a daemon, a trunk and a folder of its own; nothing leaves the loopback.
//!
//! Nobody sleeps for a fixed time: a test waits for what must come, with a deadline that only a
//! failure meets. `RINGPROOF=path` tests that binary.

#![expect(clippy::disallowed_methods, reason = "a test of the whole waits for other processes")]
#![expect(clippy::print_stdout, reason = "a failed test shows the log")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod checks;
mod command_line;
mod config_check;
mod descriptors;
mod driver;
mod failover;
mod flood;
mod http;
mod kamailio;
mod killed;
mod lab;
mod missed_again;
mod missed_calls;
mod missed_frauds;
mod output;
mod phones;
mod privacy;
mod raw;
mod reload;
mod restarts;
mod scrape;
mod shards;
mod start;
mod stop;
mod tcp;
mod verification;
mod webhooks;
mod world;
