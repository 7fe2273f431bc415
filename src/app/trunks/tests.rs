//! What a reload makes of the trunks of pools and DIDs.

use std::path::Path;

use super::*;
use crate::config::{self, Did, Own};
use crate::number::E164;
use crate::verify::DidId;

/// The example's, with these trunks, and a DID for each list of their places.
fn config(trunks: &[&str], dids: &[(&str, &[u16])]) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ringproof.example.toml");
    let mut config = config::load(&path).unwrap();
    let plain = config.trunks[0].clone();
    let named = |name: &&str| Profile { name: (*name).into(), ..plain.clone() };
    config.trunks = trunks.iter().map(named).collect();
    config.pools[0].trunks = (0..trunks.len() as u16).rev().collect();
    let own = Own { ring: None, reject_with: None };
    let did = |(number, trunks): &(&str, &[u16])| Did {
        number: E164::parse(number).unwrap(),
        trunks: trunks.to_vec(),
        own,
    };
    config.dids = dids.iter().map(did).collect();
    config
}

/// The place of the DID with this number, where its calls come from `trunk`.
fn found(layout: &Layout, number: &str, trunk: u16) -> Option<u16> {
    let number = E164::parse(number).unwrap();
    layout.dids.find(Some(number), trunk).0.map(|DidId(place)| place)
}

#[test]
fn r12_pools_and_dids_follow_their_trunks_and_stay_what_they_are() {
    let running = config(&["a", "b"], &[(FIRST, &[0]), (SECOND, &[0, 1])]);
    let trunks = Trunks::new(&running);
    let layout = trunks.current();
    assert_eq!(*layout.routes[0], [1, 0]);
    assert_eq!([0, 1].map(|trunk| found(&layout, FIRST, trunk)), [Some(0), None]);
    assert_eq!([0, 1].map(|trunk| found(&layout, SECOND, trunk)), [Some(1), Some(1)]);

    // `a` is gone, `c` is new and stands first, and so does a number that waits for a restart.
    let mut next = config(&["c", "b"], &[(THIRD, &[0]), (SECOND, &[0]), (FIRST, &[1])]);
    next.elsewhere.ring = std::time::Duration::from_secs(9);
    trunks.learn(&next).unwrap();
    let layout = trunks.layout(&running, &next);
    assert_eq!(*layout.routes[0], [1, 2]);
    assert_eq!([0, 1, 2].map(|trunk| found(&layout, FIRST, trunk)), [None, Some(0), None]);
    assert_eq!([0, 1, 2].map(|trunk| found(&layout, SECOND, trunk)), [None, None, Some(1)]);
    assert_eq!([0, 1, 2].map(|trunk| found(&layout, THIRD, trunk)), [None; 3]);
    assert_eq!(layout.dids.find(None, 0).1, running.elsewhere, "how calls go waits, too");
}

#[test]
fn r12_a_did_that_is_gone_has_no_trunk() {
    let running = config(&["a"], &[(FIRST, &[0]), (SECOND, &[0])]);
    let trunks = Trunks::new(&running);
    let layout = trunks.layout(&running, &config(&["a"], &[(SECOND, &[0])]));
    assert_eq!([FIRST, SECOND].map(|number| found(&layout, number, 0)), [None, Some(1)]);
}

const FIRST: &str = "+46812345601";
const SECOND: &str = "+46812345602";
const THIRD: &str = "+46812345603";
