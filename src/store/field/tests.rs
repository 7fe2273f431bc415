use super::*;

fn survives<T: Field + PartialEq + std::fmt::Debug>(value: T) {
    let mut bytes = vec![];
    value.write(&mut bytes);
    let mut rest = &*bytes;
    assert_eq!(T::read(&mut rest), Ok(value));
    assert!(rest.is_empty());
}

#[test]
fn numbers_of_every_size_survive() {
    for shift in 0..64 {
        for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
            survives(value);
        }
    }
    survives(u32::MAX);
    survives(u16::MAX);
    survives(u128::MAX);
}

#[test]
fn numbers_that_are_too_large_are_refused() {
    let mut bytes = vec![];
    (1_u64 << 16).write(&mut bytes);
    assert!(u16::read(&mut &*bytes).is_err());
    let mut eleven = [0xff; 11].as_slice();
    assert!(u64::read(&mut eleven).is_err());
    let mut two_too_many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02].as_slice();
    assert!(u64::read(&mut two_too_many).is_err());
}

#[test]
fn a_length_that_lies_takes_no_memory() {
    let mut bytes = vec![];
    u64::MAX.write(&mut bytes);
    assert_eq!(Box::<[u8]>::read(&mut &*bytes), Err(FieldError::Short));
    assert_eq!(Vec::<u64>::read(&mut &*bytes), Err(FieldError::Short));
}

#[test]
fn every_word_of_a_closed_set_survives_and_others_are_refused() {
    Outcome::ALL.into_iter().for_each(survives);
    Side::ALL.into_iter().for_each(survives);
    Reason::ALL.into_iter().for_each(survives);
    Method::ALL.into_iter().for_each(survives);
    Unknown::ALL.into_iter().for_each(survives);
    Status::ALL.into_iter().filter(|status| *status != Status::Pending).for_each(survives);
    for (word, what) in [("vanished", "a final status"), ("pending", "a final status")] {
        let mut bytes = vec![];
        Box::<str>::from(word).write(&mut bytes);
        assert_eq!(Status::read(&mut &*bytes), Err(FieldError::Value { what }));
    }
}

#[test]
fn what_is_no_phone_number_is_none() {
    let read = |value: u64| {
        let mut bytes = vec![];
        value.write(&mut bytes);
        E164::read(&mut &*bytes).is_ok()
    };
    assert_eq!(
        [0, 999_999, 1_000_000, 999_999_999_999_999, 1_000_000_000_000_000].map(read),
        [false, false, true, true, false]
    );
}
