//! What an operator hears of.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::missed_world::{CALLER, DID, TRUNK, invite, ringable};
use super::world::{World, order, response_to};
use crate::gateway::notice::{Notice, Watcher};
use crate::gateway::{Command, Input};
use crate::sip::Method;

struct Ear(SyncSender<Notice>);

impl Watcher for Ear {
    fn on_notice(&self, notice: Notice) {
        self.0.send(notice).unwrap();
    }
}

fn watched(trunks: &[&str]) -> (World, Receiver<Notice>) {
    let (mouth, heard) = sync_channel(100);
    (World::new(trunks).watched_by(Arc::new(Ear(mouth))), heard)
}

#[test]
fn p29_a_trunk_that_answers_from_elsewhere_is_told_of_once_a_minute() {
    let (mut world, heard) = watched(&["192.0.2.1:5060", "192.0.2.2:5060"]);
    let ring = |world: &mut World, phone: &str| {
        let order = order(&world.verify, phone, world.now);
        world.handle(Input::Command(Command::Place(order)));
        let ringing = response_to(&world.newest(Method::Invite), 180, "a", "");
        (0..100).for_each(|_| world.receive_from("198.51.100.1:5060", &ringing));
        heard.try_iter().collect::<Vec<_>>()
    };
    let told_of = |trunk: &str| {
        let source = "198.51.100.1".parse().unwrap();
        Notice::ForeignSource { trunk: trunk.into(), source }
    };
    assert_eq!(ring(&mut world, "+46701740611"), [told_of("192.0.2.1:5060")]);
    world.now += Duration::from_secs(59);
    assert_eq!(ring(&mut world, "+46701740612"), []);
    world.now += Duration::from_secs(1);
    assert_eq!(ring(&mut world, "+46701740613"), [told_of("192.0.2.1:5060")]);
    // The other trunk has a minute of its own.
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive_from("198.51.100.1:5060", &ringing);
    let told: Vec<_> = heard.try_iter().collect();
    assert_eq!(told, [told_of("192.0.2.2:5060")]);
}

#[test]
fn p29_a_stranger_who_guesses_is_not_told_of() {
    let (mut world, heard) = watched(&["192.0.2.1:5060"]);
    world.place();
    let ringing = String::from_utf8(world.response(Method::Invite, 180, "a", "")).unwrap();
    let guess = ringing.replace("branch=z9hG4bK", "branch=z9hG4bK0");
    world.receive_from("198.51.100.1:5060", guess.as_bytes());
    let invite = world.newest(Method::Invite);
    world.receive_from("198.51.100.1:5060", &invite);
    assert_eq!(heard.try_iter().count(), 0);
}

#[test]
fn f01_a_stranger_who_rings_is_told_of_once_a_minute_where_there_are_numbers_to_ring() {
    let (mut world, heard) = watched(&[TRUNK]);
    let rings = |world: &mut World, from: &str| {
        let invite = invite(DID, CALLER, "a");
        (0..100).for_each(|_| world.receive_from(from, invite.as_bytes()));
        heard.try_iter().collect::<Vec<_>>()
    };
    assert_eq!(rings(&mut world, "198.51.100.1:5060"), [], "there is no number");
    let dids = ringable(&[TRUNK], 64).gateway.dids;
    world.gateway.dids = dids;
    let of = |source: &str| Notice::Stranger { source: source.parse().unwrap() };
    assert_eq!(rings(&mut world, "198.51.100.1:5060"), [of("198.51.100.1")]);
    world.now += Duration::from_secs(59);
    assert_eq!(rings(&mut world, "198.51.100.2:5060"), []);
    world.now += Duration::from_secs(1);
    assert_eq!(rings(&mut world, "198.51.100.2:5060"), [of("198.51.100.2")]);
    world.now += Duration::from_secs(60);
    let register = invite(DID, CALLER, "a").replace("INVITE", "REGISTER");
    world.receive_from("198.51.100.3:5060", register.as_bytes());
    assert_eq!(heard.try_iter().count(), 0);
}
