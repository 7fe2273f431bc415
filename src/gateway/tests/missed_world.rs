//! People who ring our numbers through the trunk of a [`World`]: what they send, and a script of it.

use std::sync::Arc;
use std::time::Duration;

use expect_test::Expect;

use super::world::World;
use crate::call::inbound::Plan;
use crate::gateway::dids::{Did, Dids};
use crate::gateway::{Command, Input};
use crate::number::E164;
use crate::sip::{Message, Status};
use crate::tally::{DropReason, InboundEnd};
use crate::transaction::server::Servers;
use crate::verify::snapshot::Snapshot;
use crate::verify::{Awaited, FlashCall, How, Start, Task};

/// A number of ours that the first trunk carries: it rings for 3 s.
pub(super) const DID: &str = "+46876501000";
/// One that is refused at once.
pub(super) const AT_ONCE: &str = "+46876501001";
/// One that rings until our own maximum.
pub(super) const LONG: &str = "+46876501002";
/// All of ours, in the order of the configuration.
pub(super) const NUMBERS: [&str; 3] = [DID, AT_ONCE, LONG];
/// No number of ours.
pub(super) const NOBODYS: &str = "+46876509999";
pub(super) const CALLER: &str = "+46701740705";
pub(super) const TRUNK: &str = "192.0.2.1:5060";

/// A shard whose first trunk carries our numbers, with room for so many calls from it.
pub(super) fn ringable(trunks: &[&str], servers_max: usize) -> World {
    let mut world = World::new(trunks);
    world.gateway.dids = dids();
    let mut keys = crate::entropy::Entropy::seeded(9).stream();
    world.gateway.servers = Servers::new(servers_max, &mut keys);
    world
}

/// Our numbers, in the order of their constants.
pub(super) fn dids() -> Arc<Dids> {
    let dids = vec![did(DID, 3, 486), did(AT_ONCE, 0, 486), did(LONG, 45, 480)];
    Arc::new(Dids::new(dids, plan(3, 486)))
}

/// One that the first trunk carries.
pub(super) fn did(number: &str, seconds: u64, code: u16) -> Did {
    let number = E164::parse(number).unwrap();
    Did { number, trunks: [0].into(), plan: plan(seconds, code) }
}

/// How its calls go.
pub(super) fn plan(seconds: u64, code: u16) -> Plan {
    Plan { ring: Duration::from_secs(seconds), refusal: Status::new(code).unwrap() }
}

/// Starts a verification that waits for `phone` to ring `did`. `confirm`: and to be called back.
pub(super) fn await_call(world: &mut World, phone: &str, did: &str, confirm: bool) -> Snapshot {
    let awaited = Awaited {
        did: E164::parse(did).ok(),
        confirm: confirm.then(FlashCall::default),
        recent_within: None,
    };
    let to = E164::parse(phone).unwrap();
    let start = Start { how: How::MissedCall(awaited), ..Start::flash_call(to) };
    let started = world.verify.start(start, world.now).unwrap();
    world.verify.announce(&started.task);
    world.handle(Input::Command(match started.task {
        Task::Call(order) => Command::Place(order),
        Task::Watch(watch) => Command::Watch(watch),
    }));
    started.snapshot
}

/// How a verification stands.
pub(super) fn status(world: &World, verification: &Snapshot) -> &'static str {
    world.verify.get(verification.id, world.now).unwrap().status.as_str()
}

/// An INVITE of `caller` to `called`, one call for each `name`.
pub(super) fn invite(called: &str, caller: &str, name: &str) -> String {
    format!(
        "INVITE sip:{called}@192.0.2.9:5070 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK{name}\r\n\
         Max-Forwards: 0\r\nRecord-Route: <sip:192.0.2.1;lr>\r\n\
         From: <sip:{caller}@192.0.2.1>;tag=f{name}\r\nTo: <sip:{called}@192.0.2.9>\r\n\
         Call-ID: {name}@192.0.2.1\r\nCSeq: 7 INVITE\r\nContact: <sip:{caller}@192.0.2.1>\r\n\
         User-Agent: switch\r\nContent-Length: 0\r\n\r\n"
    )
}

/// The CANCEL of an INVITE.
pub(super) fn cancel(invite: &str) -> String {
    invite.replace("INVITE", "CANCEL")
}

/// The ACK of an INVITE, with this To tag.
pub(super) fn ack(invite: &str, tag: &str) -> String {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    invite.replace("INVITE", "ACK").replace("@192.0.2.9>\r\n", &format!("@192.0.2.9>{tag}\r\n"))
}

/// The To tag of the last response that was sent.
pub(super) fn tag_of_last(world: &World) -> String {
    let bytes = &world.sent.last().unwrap().1;
    let message = Message::parse(bytes).unwrap();
    String::from_utf8(message.to().unwrap().tag().unwrap_or_default().to_vec()).unwrap()
}

/// Everything that was sent since `from`, as text.
pub(super) fn sent_since(world: &World, from: usize) -> Vec<String> {
    world.sent[from..].iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect()
}

/// Plays a call to `called`: `<seconds> <invite | ack | forged | bare | cancel | drain>; …`, and lets
/// 80 s of timers pass. `==` is how the call ended.
#[track_caller]
pub(super) fn check(called: &str, script: &str, expected: Expect) {
    let world = ringable(&[TRUNK], 64);
    expected.assert_eq(&play(world, called, script));
}

/// The same in a world that was prepared: the trace.
pub(super) fn play(mut world: World, called: &str, script: &str) -> String {
    let invite = invite(called, CALLER, "a");
    for step in script.split(';').map(str::trim) {
        let (at, word) = step.split_once(' ').unwrap();
        run_until(&mut world, Duration::from_secs_f64(at.parse().unwrap()));
        let ends = ends(&world);
        let message = match word {
            "ack" => ack(&invite, &tag_of_last(&world)),
            "bare" => ack(&invite, ""),
            "cancel" => cancel(&invite),
            "forged" => ack(&invite, "0123456789abcdef"),
            "invite" => invite.clone(),
            other => panic!("{other}"),
        };
        world.receive(message.as_bytes());
        note_ends(&mut world, ends);
    }
    let end = world.now - world.start + Duration::from_secs(80);
    run_until(&mut world, end);
    let word = if world.gateway.is_quiet() { "quiet" } else { "not quiet" };
    world.line(word);
    world.trace
}

fn run_until(world: &mut World, at: Duration) {
    let limit = world.start + at;
    while let Some(wake) = world.gateway.next_wake().filter(|wake| wake.at <= limit) {
        let ends = ends(world);
        world.run_until(wake.at);
        note_ends(world, ends);
    }
    world.run_until(limit);
}

fn note_ends(world: &mut World, before: [u64; 4]) {
    let words = InboundEnd::ALL.map(InboundEnd::as_str).into_iter().chain(["forged"]);
    let after = ends(world);
    for ((word, before), after) in words.zip(before).zip(after) {
        (before..after).for_each(|_| world.line(&format!("== {word}")));
    }
}

fn ends(world: &World) -> [u64; 4] {
    let [canceled, refused, unreturned] = InboundEnd::ALL.map(|how| world.tally.inbound_ends(how));
    [canceled, refused, unreturned, world.tally.dropped(DropReason::ForgedAck)]
}
