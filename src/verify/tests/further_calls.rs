//! Ringing again.

use expect_test::expect;

use super::world::{PHONE, code, pool, stands, world};
use crate::outcome::Outcome;
use crate::verify::CallAgainError;

#[test]
fn a_further_call_comes_from_another_number_and_only_its_code_is_right() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    let id = first.verification;
    let busy = world.verify.call_again(id, world.at(1.0)).unwrap_err();
    assert!(matches!(busy, CallAgainError::CallInProgress), "{busy}");
    world.hang_up(&first, Outcome::Completed, 5.0);
    let second = world.verify.call_again(id, world.at(20.0)).unwrap();
    world.verify.confirm(&second);
    assert_ne!(first.caller_id.suffix(), second.caller_id.suffix());
    assert_eq!((second.wake_at, second.shard), (None, first.shard));
    world.hang_up(&second, Outcome::Completed, 25.0);
    world.check_code(id, &code(&first), 26.0).unwrap();
    let verified = world.check_code(id, &code(&second), 27.0).unwrap();
    assert_eq!(verified.codes.unwrap().distinct, 999);
    expect![[r#"
        created: pending -, 3 attempts and 2 calls left, 1 placed
        call placed
        call ended: completed
        call placed
        call ended: completed
        wrong code: pending -, 2 attempts and 1 calls left, 2 placed
        ended: verified code_matched, 2 attempts and 1 calls left, 2 placed"#]]
    .assert_eq(&world.heard());
}

#[test]
fn a_verification_has_three_calls() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    let id = first.verification;
    world.hang_up(&first, Outcome::Completed, 5.0);
    for second in [10.0, 20.0] {
        let order = world.verify.call_again(id, world.at(second)).unwrap();
        world.hang_up(&order, Outcome::Completed, second + 5.0);
    }
    let refused = world.verify.call_again(id, world.at(30.0)).unwrap_err();
    assert!(matches!(refused, CallAgainError::NoCallsLeft), "{refused}");
    assert_eq!(
        stands(&world.look(id).unwrap()),
        "pending -, 3 attempts and 0 calls left, 3 placed"
    );
}

#[test]
fn an_ended_verification_is_not_called_again() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&first, Outcome::Completed, 5.0);
    world.verify.cancel(first.verification, world.at(6.0)).unwrap();
    let refused = world.verify.call_again(first.verification, world.at(7.0)).unwrap_err();
    assert_eq!(refused.to_string(), "this verification has ended: canceled");
}

#[test]
fn a08_a_further_call_needs_codes_that_are_hard_to_guess() {
    let world = world(|settings| {
        settings.pools = vec![pool("default", &["+46876500[000-599]"])];
    });
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&first, Outcome::Completed, 5.0);
    let refused = world.verify.call_again(first.verification, world.at(6.0)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "pool `default` has 599 codes left for this phone, 600 are needed"
    );
    // With one attempt less the odds are good enough again.
    let wrong = super::world::wrong_code(&first, 0);
    world.check_code(first.verification, &wrong, 7.0).unwrap();
    assert!(world.verify.call_again(first.verification, world.at(8.0)).is_ok());
}

#[test]
fn an_undone_call_leaves_the_one_before_it_current() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    let id = first.verification;
    world.hang_up(&first, Outcome::Completed, 5.0);
    for _ in 0..5 {
        let undone = world.verify.call_again(id, world.at(10.0)).unwrap();
        world.verify.undo(&undone, world.at(10.0));
        assert!(world.verify.call(undone.call.id).is_none());
    }
    let found = world.look(id).unwrap();
    assert_eq!(stands(&found), "pending -, 3 attempts and 2 calls left, 1 placed");
    assert!(world.check_code(id, &code(&first), 11.0).is_ok_and(|it| it.reason.is_some()));
}

#[test]
fn an_earlier_call_that_ends_badly_late_does_not_fail_the_current_one() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&first, Outcome::Completed, 5.0);
    let second = world.verify.call_again(first.verification, world.at(6.0)).unwrap();
    world.hang_up(&first, Outcome::Unreachable, 7.0);
    assert_eq!(world.look(first.verification).unwrap().reason, None);
    world.hang_up(&second, Outcome::NoRinging, 8.0);
    let found = world.look(first.verification).unwrap();
    assert_eq!(stands(&found), "failed unreachable, 3 attempts and 1 calls left, 2 placed");
}
