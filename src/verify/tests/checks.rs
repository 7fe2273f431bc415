//! Right and wrong evidence.

use expect_test::expect;

use super::world::{PHONE, World, code, stands, world, wrong_code};
use crate::outcome::Outcome;
use crate::verify::{CallerIdError, CheckError, Evidence, Order};

fn pending() -> (World, Order) {
    let world = world(|_| {});
    let order = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&order, Outcome::Completed, 5.0);
    world.heard();
    (world, order)
}

#[test]
fn three_wrong_codes_end_it() {
    let (world, order) = pending();
    for nth in 0..3 {
        world.check_code(order.verification, &wrong_code(&order, nth), 6.0).unwrap();
    }
    let late = world.check_code(order.verification, &code(&order), 7.0).unwrap_err();
    assert!(matches!(late, CheckError::AlreadyEnded(_)), "{late}");
    expect![[r#"
        wrong code: pending -, 2 attempts and 2 calls left, 1 placed
        wrong code: pending -, 1 attempts and 2 calls left, 1 placed
        wrong code: failed too_many_attempts, 0 attempts and 2 calls left, 1 placed
        ended: failed too_many_attempts, 0 attempts and 2 calls left, 1 placed"#]]
    .assert_eq(&world.heard());
}

#[test]
fn what_is_no_code_costs_no_attempt() {
    let (world, order) = pending();
    for text in ["", "1234", "123456", " 1234", "+1234", "1234a", "１２３４５", "٠١٢٣٤", "12.45"]
    {
        let refused = world.check_code(order.verification, text, 6.0).unwrap_err();
        assert!(matches!(refused, CheckError::NotACode), "{text:?}");
    }
    assert_eq!(world.look(order.verification).unwrap().attempts_left, 3);
}

#[test]
fn a_whole_caller_id_is_right_in_every_spelling_of_its_country() {
    let national = |order: &Order| format!("0{}", &order.caller_id.reveal().as_str()[2..]);
    let spellings: [fn(&Order) -> String; 7] = [
        |order| format!("+{}", order.caller_id.reveal().as_str()),
        |order| format!("00{}", order.caller_id.reveal().as_str()),
        |order| order.caller_id.reveal().as_str().to_owned(),
        |order| format!("+46 8-765 {}", &order.caller_id.reveal().as_str()[6..]),
        |order| format!("0{}", &order.caller_id.reveal().as_str()[2..]),
        |order| format!("08-{}", &order.caller_id.reveal().as_str()[3..]),
        // As phones show and copy it.
        |order| {
            format!(
                "\u{202a}+46\u{a0}8\u{2011}765 {}\u{202c}",
                &order.caller_id.reveal().as_str()[6..]
            )
        },
    ];
    for spell in spellings {
        let (world, order) = pending();
        let text = spell(&order);
        let evidence = Evidence::CallerId(&text);
        let verified = world.verify.check(order.verification, evidence, world.at(6.0)).unwrap();
        assert_eq!(
            stands(&verified),
            "verified caller_id_matched, 3 attempts and 2 calls left, 1 placed",
            "{text}"
        );
    }
    assert!(national(&pending().1).starts_with("08765"));
}

#[test]
fn q19_the_right_five_digits_of_another_number_are_wrong() {
    let (world, order) = pending();
    for text in [
        format!("+4687{}", code(&order)),
        format!("+47{}", &order.caller_id.reveal().as_str()[2..]),
        format!("+1468765{}", code(&order)),
    ] {
        let evidence = Evidence::CallerId(&text);
        let wrong = world.verify.check(order.verification, evidence, world.at(6.0)).unwrap();
        assert!(wrong.reason.is_none_or(|reason| reason.as_str() == "too_many_attempts"), "{text}");
    }
    assert_eq!(
        stands(&world.look(order.verification).unwrap()),
        "failed too_many_attempts, 0 attempts and 2 calls left, 1 placed"
    );
}

#[test]
fn what_is_no_caller_id_costs_no_attempt() {
    let (world, order) = pending();
    let long = "+".repeat(60) + "46876520085";
    for text in ["", "anonymous", "+12345", "20085", "12345678901234567890", &long] {
        let evidence = Evidence::CallerId(text);
        let refused = world.verify.check(order.verification, evidence, world.at(6.0)).unwrap_err();
        assert!(matches!(refused, CheckError::NotACallerId { .. }), "{text:?}");
    }
    for (text, found) in [
        ("tel:+46876520085", 't'),
        ("+46876520085;ext=1", ';'),
        ("+46876520085x1", 'x'),
        ("+46876520085,1", ','),
        ("0046+876520085", '+'),
        ("+４６876520085", '４'),
        ("+46876520085\n", '\n'),
    ] {
        let evidence = Evidence::CallerId(text);
        let refused = world.verify.check(order.verification, evidence, world.at(6.0)).unwrap_err();
        let CheckError::NotACallerId { error } = refused else { panic!("{text:?}: {refused}") };
        assert_eq!(error, CallerIdError::Sign { found }, "{text:?}");
    }
    assert_eq!(world.look(order.verification).unwrap().attempts_left, 3);
}

#[test]
fn wrong_codes_of_one_phone_are_summed_and_lock_it() {
    let world = world(|_| {});
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&first, Outcome::Completed, 5.0);
    for nth in 0..3 {
        world.check_code(first.verification, &wrong_code(&first, nth), 6.0).unwrap();
    }
    let second = world.start(PHONE, 10.0).unwrap().order;
    world.hang_up(&second, Outcome::Completed, 15.0);
    let after =
        |nth| world.check_code(second.verification, &wrong_code(&second, nth), 16.0).unwrap();
    assert_eq!(stands(&after(0)), "pending -, 2 attempts and 2 calls left, 1 placed");
    assert_eq!(
        stands(&after(1)),
        "failed rejected_by_policy, 1 attempts and 2 calls left, 1 placed"
    );
    let refused = world.start(PHONE, 17.0).unwrap_err();
    assert_eq!(refused.to_string(), "too many wrong codes for this phone, retry in 3599 s");
    assert!(world.start(PHONE, 16.0 + 3_600.0).is_ok());
}

#[test]
fn a_success_does_not_clear_the_count_of_wrong_codes() {
    let world = world(|settings| settings.limits.wrong_codes_lock = 3);
    let first = world.start(PHONE, 0.0).unwrap().order;
    world.hang_up(&first, Outcome::Completed, 5.0);
    for nth in 0..2 {
        world.check_code(first.verification, &wrong_code(&first, nth), 6.0).unwrap();
    }
    world.check_code(first.verification, &code(&first), 6.0).unwrap();
    let second = world.start(PHONE, 10.0).unwrap().order;
    let wrong = world.check_code(second.verification, &wrong_code(&second, 0), 11.0).unwrap();
    assert_eq!(stands(&wrong), "failed rejected_by_policy, 2 attempts and 2 calls left, 1 placed");
}
