//! Drives a machine through a script in virtual time and prints what it wants done.

use std::time::{Duration, Instant};

use super::{TimerBase, Transport};
use crate::sip::{Class, Status};
use crate::time::Wake;
use crate::time::testing::origin;

/// What the four machines have in common, for tests.
pub(crate) trait Driven: Sized {
    /// Starts the machine.
    fn start(transport: Transport, base: TimerBase, now: Instant) -> Self;
    /// Applies one word of a script and says what the owner must do.
    fn input(&mut self, word: &str, now: Instant) -> String;
    /// Lets time pass and says what the owner must do.
    fn timeout(&mut self, now: Instant) -> String;
    /// The machine's deadline.
    fn wake(&self) -> Option<Wake>;
    /// Whether it has ended.
    fn has_ended(&self) -> bool;
    /// The state's name.
    fn state(&self) -> &'static str;
}

/// Runs `udp|tcp; <seconds> <word>; …` and then every timer to its end.
pub(crate) fn run<M: Driven>(script: &str) -> String {
    let mut steps = script.split(';').map(str::trim).filter(|step| !step.is_empty());
    let transport = match steps.next() {
        Some("tcp") => Transport::Reliable,
        _ => Transport::Unreliable,
    };
    let start = origin();
    let mut machine = M::start(transport, TimerBase::default(), start);
    let mut lines = String::new();
    for step in steps {
        let (at, word) = step.split_once(' ').unwrap();
        let at = start + Duration::from_secs_f64(at.parse().unwrap());
        run_until(&mut machine, start, Some(at), &mut lines);
        let answer = machine.input(word, at);
        print(at - start, word, &answer, &mut lines);
    }
    run_until(&mut machine, start, None, &mut lines);
    let last = if machine.has_ended() { "end" } else { "waits for the user" };
    lines + last + "\n"
}

/// Every word in every state: `prefixes` lead into the states.
pub(crate) fn table<M: Driven>(prefixes: &[(&str, &str)], words: &[&str]) -> String {
    let mut lines = String::new();
    for (name, prefix) in prefixes {
        for word in words {
            let now = origin();
            let mut machine = M::start(Transport::Unreliable, TimerBase::default(), now);
            prefix.split_whitespace().for_each(|word| drop(machine.input(word, now)));
            assert_eq!(machine.state(), *name, "the words `{prefix}` lead elsewhere");
            let answer = machine.input(word, now);
            lines += &format!("{name:<10} {word:<6} {answer:<22} {}\n", machine.state());
        }
    }
    lines
}

/// The class of the status code in a script.
pub(crate) fn class(word: &str) -> Class {
    Status::new(word.parse().unwrap()).unwrap().class()
}

fn run_until<M: Driven>(
    machine: &mut M,
    start: Instant,
    limit: Option<Instant>,
    lines: &mut String,
) {
    while let Some(wake) = machine.wake() {
        if limit.is_some_and(|limit| wake.at > limit) {
            return;
        }
        let answer = machine.timeout(wake.at);
        print(wake.at - start, wake.why, &answer, lines);
    }
}

fn print(at: Duration, cause: &str, answer: &str, lines: &mut String) {
    *lines += &format!("{:06.3}  {cause:<10}  {answer}\n", at.as_secs_f64());
}
