use std::time::Duration;

use expect_test::expect;

use super::super::{Ladder, Undelivered, Verb};
use super::*;

#[test]
fn a_flash_call_is_drawn_as_it_passed() {
    let ladder = Ladder::default();
    for (ms, direction, method, status) in [
        (0, Direction::Out, Verb::Invite, None),
        (500, Direction::Out, Verb::Invite, None),
        (612, Direction::In, Verb::Invite, Some(180)),
        (5_612, Direction::Out, Verb::Cancel, None),
    ] {
        let at = Duration::from_millis(ms);
        let (is_again, is_ignored, undelivered) = (ms == 500, false, None);
        ladder.push(Rung { at, direction, is_again, is_ignored, method, status, undelivered });
    }
    expect![[r#"
        seconds   gateway                            trunk
        0.000       │──────────── INVITE ────────────▶│
        0.500       │──────── INVITE (again) ────────▶│
        0.612       │◀────────── 180 INVITE ──────────│
        5.612       │──────────── CANCEL ────────────▶│
    "#]]
    .assert_eq(&draw("gateway", "trunk", &ladder.rungs()));
}

#[test]
fn p33_an_invite_that_did_not_arrive_is_drawn_so_for_every_reason() {
    let mut whole = String::new();
    for why in Undelivered::ALL {
        let ladder = Ladder::default();
        let rung = Rung {
            at: Duration::from_micros(3),
            direction: Direction::Out,
            is_again: false,
            is_ignored: false,
            method: Verb::Invite,
            status: None,
            undelivered: None,
        };
        ladder.push(rung);
        ladder.push(Rung { direction: Direction::In, status: Some(100), ..rung });
        assert_eq!(ladder.undelivered(), None);
        ladder.on_undelivered(Verb::Cancel, why);
        assert_eq!(ladder.undelivered(), None);
        ladder.on_undelivered(Verb::Invite, why);
        assert_eq!(ladder.undelivered(), Some(why));
        assert_eq!(ladder.rungs()[0], Rung { undelivered: Some(why), ..rung });
        assert_eq!(ladder.rungs()[1].status, Some(100));
        let drawn = draw("gateway", "trunk", &ladder.rungs());
        whole += drawn.lines().nth(1).unwrap();
        whole.push('\n');
    }
    expect![[r#"
        0.000       │──────────── INVITE ────────────✗│  not sent, or turned back: a firewall forbids it
        0.000       │──────────── INVITE ────────────✗│  not delivered: no machine answers there (host unreachable)
        0.000       │──────────── INVITE ────────────✗│  not sent, or turned back: no route there (network unreachable)
        0.000       │──────────── INVITE ────────────✗│  not delivered: nobody listens there (ICMP port unreachable)
        0.000       │──────────── INVITE ────────────✗│  not sent, or turned back: longer than the way allows
        0.000       │──────────── INVITE ────────────✗│  not sent, or turned back: the system does not say why
    "#]].assert_eq(&whole);
}

#[test]
fn a_full_ladder_counts_what_it_left_out() {
    let ladder = Ladder::default();
    let rung = Rung {
        at: Duration::ZERO,
        direction: Direction::In,
        is_again: false,
        is_ignored: false,
        method: Verb::Invite,
        status: Some(183),
        undelivered: None,
    };
    (0..100).for_each(|_| ladder.push(rung));
    assert_eq!((ladder.rungs().len(), ladder.left_out()), (24, 76));
    assert!(ladder.rungs().iter().all(|kept| *kept == rung));
}
