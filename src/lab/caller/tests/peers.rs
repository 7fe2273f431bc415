//! Whole calls between the caller and the trunk of this lab, a millisecond apart, in virtual time: each
//! notices what the other does wrong, and nothing else.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::testing::{describe_event, manner, settings};
use super::super::{Caller, Command, Dial, Event, Manner, Settings};
use crate::entropy::Entropy;
use crate::lab::{self, Trunk, Violation};
use crate::number::E164;
use crate::time::Wake;

/// The trace of a call to the phone `…suffix`, and what the trunk noticed.
fn call(manner: Manner, suffix: &str) -> (String, Vec<Violation>) {
    let mut world = World::new();
    let number = |text: &str| E164::parse(text).unwrap();
    let to = number(&format!("+467012345{suffix}"));
    let dial = Dial::new(number("+46876500123"), to, manner).unwrap();
    world.caller.on_command(Command::Dial(dial), world.now);
    world.run();
    assert!(world.caller.is_quiet() && world.trunk.is_quiet(), "{}", world.trace);
    (world.trace, world.trunk.violations().iter().map(|noticed| noticed.violation).collect())
}

fn check(shows: &str, then: &str, suffix: &str, end: &str, expected: &[Violation]) {
    let (trace, violations) = call(manner(shows, then), suffix);
    assert!(trace.contains(end), "{then} {suffix}\n{trace}");
    assert!(!trace.contains("lapse"), "{then} {suffix}\n{trace}");
    assert_eq!(violations, expected, "{then} {suffix}\n{trace}");
}

#[test]
fn caller_and_trunk_agree_on_what_was_right() {
    for shows in super::super::IDENTITIES.map(|(name, ..)| name) {
        check(shows, "waits", "21", "ended: refused, acknowledged\n", &[]);
    }
    check("international", "waits", "01", "ended: refused, acknowledged\n", &[]);
    check("international", "waits", "02", "ended: refused, acknowledged\n", &[]);
    check("international", "hangs-up:500ms", "67", "ended: refused, acknowledged\n", &[]);
    check("international", "hangs-up-early:10ms", "67", "ended: refused, acknowledged\n", &[]);
    check("international", "forged", "01", "ended: forged\n", &[Violation::AckMissing]);
}

#[test]
fn the_trunk_notices_what_the_caller_is_told_to_do_wrong() {
    let end = "ended: refused";
    check("international", "never-acks", "01", end, &[Violation::AckMissing]);
    check("international", "wrong-tag", "01", end, &[Violation::AckTag]);
    check("international", "no-tag", "01", end, &[Violation::AckTag]);
    let (_, violations) = call(manner("international", "repeats-cancel"), "67");
    assert_eq!(violations, []);
}

#[test]
fn the_caller_notices_what_a_phone_does_wrong() {
    let lapse = |then: &str, suffix: &str, text: &str| {
        let (trace, _) = call(manner("international", then), suffix);
        assert!(trace.contains(text), "{then} {suffix}\n{trace}");
    };
    lapse("waits", "05", "lapse: no response at all came");
    lapse("waits", "06", "lapse: no final response came");
    lapse("waits", "10", "lapse: the call was answered");
    lapse("waits", "14", "lapse: the responses of one call have different To tags");
    lapse("hangs-up:1s", "13", "lapse: the CANCEL was never answered");
    lapse("hangs-up:1s", "16", "lapse: the final response came again after its ACK");
    lapse("hangs-up:1s", "26", "lapse: the CANCEL was refused");
}

/// A caller, a trunk, and a network that loses nothing.
struct World {
    caller: Caller,
    trunk: Trunk,
    start: Instant,
    now: Instant,
    on_the_way: VecDeque<(Instant, SocketAddr, Vec<u8>)>,
    trace: String,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
    fn new() -> Self {
        let start = Instant::now();
        let Settings { callee, .. } = settings();
        let trunk =
            lab::Settings { post_dial_jitter: Duration::ZERO, ..lab::Settings::new(callee) };
        Self {
            caller: Caller::new(settings(), Entropy::seeded(1).stream()),
            trunk: Trunk::new(trunk, Entropy::seeded(2).stream()),
            start,
            now: start,
            on_the_way: VecDeque::new(),
            trace: String::new(),
        }
    }

    fn run(&mut self) {
        self.collect();
        while let Some(at) = self.next() {
            self.now = at.max(self.now);
            while let Some((_, to, bytes)) =
                self.on_the_way.pop_front_if(|(at, ..)| *at <= self.now)
            {
                let Settings { local, callee, .. } = settings();
                match to == local {
                    true => self.caller.on_datagram(callee, &bytes, self.now),
                    false => self.trunk.on_datagram(local, &bytes, self.now),
                }
                self.collect();
            }
            self.caller.on_timeout(self.now);
            self.trunk.on_timeout(self.now);
            self.collect();
        }
    }

    fn next(&self) -> Option<Instant> {
        let wake = Wake::earlier(self.caller.next_wake(), self.trunk.next_wake());
        let packet = self.on_the_way.front().map(|(at, ..)| *at);
        [wake.map(|wake| wake.at), packet].into_iter().flatten().min()
    }

    fn collect(&mut self) {
        let arrival = self.now + Duration::from_millis(1);
        while let Some((to, bytes)) = self.caller.poll_transmit() {
            self.on_the_way.push_back((arrival, to, bytes.to_vec()));
        }
        while let Some((to, bytes)) = self.trunk.poll_transmit() {
            self.on_the_way.push_back((arrival, to, bytes.to_vec()));
        }
        while let Some(event) = self.caller.poll_event() {
            let at = (self.now - self.start).as_secs_f64();
            self.trace += &format!("{at:06.3}  {}\n", describe_event(&event));
            if let Event::Ended { .. } = event {
                assert_eq!(self.trace.matches("ended").count(), 1, "{}", self.trace);
            }
        }
        while self.trunk.poll_event().is_some() {}
    }
}
