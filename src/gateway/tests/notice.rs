//! What an operator hears of.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

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
    let source = "198.51.100.1".parse().unwrap();
    assert_eq!(ring(&mut world, "+46701740611"), [Notice::ForeignSource { trunk: 0, source }]);
    world.now += Duration::from_secs(59);
    assert_eq!(ring(&mut world, "+46701740612"), []);
    world.now += Duration::from_secs(1);
    assert_eq!(ring(&mut world, "+46701740613"), [Notice::ForeignSource { trunk: 0, source }]);
    // The other trunk has a minute of its own.
    let refusal = world.response(Method::Invite, 503, "a", "");
    world.receive(&refusal);
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive_from("198.51.100.1:5060", &ringing);
    let told: Vec<_> = heard.try_iter().collect();
    assert_eq!(told, [Notice::ForeignSource { trunk: 1, source }]);
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
