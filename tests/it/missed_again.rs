//! Trunks that change while people ring: a reload, and a real Kamailio in front.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::kamailio::{Proxy, profile};
use crate::missed_calls::{text, wire};
use crate::phones::{DIDS, OTHER, PHONE, Phones, with_dids};
use crate::raw;
use crate::world::{FAST, World, eventually};

#[test]
fn r12_a_number_is_rung_through_the_trunk_that_a_reload_gives() {
    let mut plan = with_dids("127.0.0.2:5060".parse().unwrap(), "3s");
    plan.sip = "listen = [\"udp:127.0.0.1:0\"]".to_owned();
    let world = World::start(&plan);
    let mut old = Phones::at("127.0.0.2:0", world.sip[0]);
    let mut new = Phones::new(world.sip[0]);
    let [first, second] = [PHONE, OTHER]
        .map(|phone| text(&world.await_call(phone, &json!({ "did": DIDS[0] })), "/id"));
    let ringing = old.dial(PHONE, DIDS[0]);
    old.rings(ringing);
    // No trunk of this daemon: silence.
    let unheard = new.dial(OTHER, DIDS[0]);
    let noise = "ringproof_sip_dropped_total";
    eventually("a stranger is dropped", || (world.scrape().sum(noise, &[]) > 0.0).then_some(()));

    plan.trunks[0] = ("lab", raw::closed(), FAST.to_owned());
    plan.write(&world.place.0);
    world.signal(Signal::SIGHUP);
    let word = "the trunks were reloaded";
    eventually(word, || world.log().contains(word).then_some(()));
    // The stranger's INVITE comes again, by now from a trunk.
    assert_eq!(new.heard(unheard).ending, "refused 486");
    assert_eq!(world.ended(&second)["status"], "verified");
    // Who rang already ends as he began.
    let heard = old.heard(ringing);
    assert_eq!(heard.ending, "refused 486");
    assert!(heard.refused > Duration::from_secs(2), "{heard:?}");
    assert_eq!(world.ended(&first)["status"], "verified");
    world.stop();
}

#[test]
fn a_call_through_kamailio_matches() {
    let mut plan = with_dids(raw::closed(), "1s");
    plan.trunks[0].2 = profile();
    let world = World::start(&plan);
    let proxy = Proxy::before(world.sip[0].port());
    let mut phones = Phones::new(proxy.address);
    let started = world.await_call(PHONE, &json!({}));
    let heard = phones.ring(PHONE, &text(&started, "/missed_call/did"));
    assert_eq!((&*heard.ending, heard.rang.is_some()), ("refused 486", true));
    let ended = world.ended(&text(&started, "/id"));
    let missed = &ended["missed_call"];
    assert_eq!(
        (&ended["status"], &missed["assurance"]),
        (&json!("verified"), &json!("return_routed"))
    );
    let evidence = &missed["matched_call"];
    assert_eq!(evidence["identity_header"], "p_asserted_identity");
    // The ACK is Kamailio's own, hop by hop.
    assert_eq!(wire(&world, evidence), "INVITE >100 >180 >486 ACK");
    assert_eq!(phones.lapses(), [""; 0]);
    world.stop();
    drop(proxy);
}
