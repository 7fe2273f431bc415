use super::super::field::FieldError;
use super::*;
use crate::number::E164;

/// A record that is written again and again: the wrong code of verification `id`, at `at`.
pub(in crate::store) fn attempt(id: u128, at: u64) -> Attempt {
    let phone = E164::parse("+46701234567").unwrap();
    Attempt { verification: VerificationId(id), left: 1, phone, of_phone: 2, at: JournalTime(at) }
}

/// One of each kind, in the order of the kinds, with every field that may be empty filled.
pub(in crate::store) fn one_of_each() -> Vec<Record> {
    let phone = E164::parse("+46701234567").unwrap();
    let did = E164::parse("+46101500000").unwrap();
    let (verification, call) = (VerificationId(0x0102), CallId(0x0304));
    vec![
        attempt(0x0102, 10).into(),
        call_record(verification, call).into(),
        Event {
            sequence: 7,
            at: Micros(8),
            written: JournalTime(9),
            name: "call.placed".into(),
            about: Some(call.0),
            body: hidden("{}"),
        }
        .into(),
        Final {
            id: verification,
            status: Status::Verified,
            reason: Some(Reason::CodeMatched),
            ended_at: Micros(12),
            ended: JournalTime(13),
        }
        .into(),
        Idempotency {
            ticket: 0x0910,
            owner: [4; 32],
            request: [3; 32],
            before: Some((3, 2)),
            status: 201,
            headers: vec![("location".into(), "/v1/x".into())],
            body: hidden("{}"),
            expires: JournalTime(9),
        }
        .into(),
        in_flight(verification, call).into(),
        Lease {
            id: call.0,
            phone,
            at: JournalTime(11),
            suffix: Some(Hidden(20_085)),
            pool: Some("main".into()),
            is_start: true,
        }
        .into(),
        missed_call(did, phone, verification).into(),
        Pause { endpoint: "app".into(), until: JournalTime(20) }.into(),
        Secret { name: "codes".into(), bytes: Hidden([5; 4].into()) }.into(),
        verification_record(verification, phone, did).into(),
        webhook().into(),
    ]
}

fn hidden(text: &str) -> Hidden<Box<[u8]>> {
    Hidden(text.as_bytes().into())
}

fn verification_record(id: VerificationId, to: E164, did: E164) -> Verification {
    Verification {
        id,
        to,
        country: "SE".into(),
        method: Method::FlashCall,
        pool: Some("main".into()),
        did: Some(did),
        ring_ms: Some(5_000),
        confirm: true,
        recent_within_ms: Some(60_000),
        attempts: 3,
        client_ref: Some("signup-8812".into()),
        callback_url: Some("https://example.org/hook".into()),
        created_at: Micros(1_763_633_730_000_000),
        created: JournalTime(14),
        expires: JournalTime(15),
    }
}

fn webhook() -> Webhook {
    Webhook {
        id: 0x0506,
        endpoint: "https://example.org/hook".into(),
        is_url: true,
        sequence: 7,
        name: "call.placed".into(),
        body: hidden("{}"),
        created_at: Micros(16),
        created: JournalTime(17),
        matters_until: Some(JournalTime(18)),
        attempts: 2,
        next: Some(JournalTime(19)),
        status: Some(503),
        error: Some("no answer".into()),
    }
}

fn call_record(verification: VerificationId, id: CallId) -> Call {
    Call {
        id,
        verification,
        ordinal: 1,
        pool: "main".into(),
        block: Hidden(468_765),
        code: Hidden([9; 32]),
        usable: 9_516,
        placed_at: Micros(1),
        placed: JournalTime(2),
        trunk: Some("asterisk".into()),
        ring_planned_ms: Some(5_000),
        moments: vec![Some(3), None, Some(4_000_000)],
        outcome: Some(Outcome::Completed),
        by: Some(Side::Us),
        sip_code: Some(487),
        q850_cause: Some(16),
    }
}

fn in_flight(verification: VerificationId, call: CallId) -> InFlight {
    InFlight {
        call,
        verification,
        trunk: "asterisk".into(),
        remote: "192.0.2.1:5060".parse().unwrap(),
        local: "[2001:db8::1]:5061".parse().unwrap(),
        invite: hidden("INVITE sip:+46701234567@192.0.2.1 SIP/2.0"),
        invited: JournalTime(5),
    }
}

fn missed_call(did: E164, phone: E164, verification: VerificationId) -> MissedCall {
    MissedCall {
        id: 0x0708,
        did,
        caller: Ok(phone),
        header: Some(IdentityHeader::PAssertedIdentity),
        is_disputed: false,
        is_forwarded: true,
        assurance: Assurance::ReturnRouted,
        trunk: "asterisk".into(),
        sip_call_id: "c2".into(),
        sip_code: 486,
        received_at: Micros(18),
        received: JournalTime(19),
        over: JournalTime(20),
        settled: Some(verification),
    }
}

fn bytes(record: &Record) -> Vec<u8> {
    let mut bytes = vec![];
    record.write(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// From the first release on files like this exist: a kind may be added then, no line may change.
/// When there is a version 2, what version 1 wrote is still read from here, and `write` is compared
/// with a file of its own.
#[test]
fn d13_what_version_1_wrote_is_read() {
    let lines: Vec<_> = include_str!("version_1.txt").lines().collect();
    let written = |record: &Record| {
        let kind = record.key().kind();
        format!("{} {}", kind.as_str(), hex(&bytes(record)))
    };
    assert_eq!(lines, one_of_each().iter().map(written).collect::<Vec<_>>());
    for (line, record) in lines.into_iter().zip(one_of_each()) {
        let (kind, digits) = line.split_once(' ').unwrap();
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        assert_eq!(kind, record.key().kind().as_str());
        assert_eq!(Record::read(record.key().kind(), &bytes), Ok(record));
    }
}

#[test]
fn every_kind_survives_its_bytes() {
    let kinds: Vec<_> = one_of_each().iter().map(|record| record.key().kind()).collect();
    assert_eq!(kinds, Kind::ALL);
    for record in one_of_each() {
        let kind = record.key().kind();
        assert_eq!(Record::read(kind, &bytes(&record)), Ok(record));
    }
}

#[test]
fn d06_cut_changed_and_newer_records_are_errors_and_never_panics() {
    for record in one_of_each() {
        let kind = record.key().kind();
        let whole = bytes(&record);
        for length in 0..whole.len() {
            assert!(Record::read(kind, &whole[..length]).is_err(), "{kind:?} cut to {length}");
        }
        for place in 0..whole.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[place] = value;
                // Checksums are the engine's; here nothing may panic or take all memory.
                let _ = Record::read(kind, &changed);
            }
        }
        let longer = [&*whole, &[0]].concat();
        let refused = RecordError::Field(FieldError::Long { bytes: 1 });
        assert_eq!(Record::read(kind, &longer), Err(refused));
        let newer = [&[2], &whole[1..]].concat();
        assert_eq!(Record::read(kind, &newer), Err(RecordError::Newer { found: 2 }));
    }
    let newer = RecordError::Newer { found: 2 }.to_string();
    assert_eq!(newer, "it is of version 2, this release reads up to 1");
}

#[test]
fn d06_an_end_that_is_pending_is_an_error() {
    let end = one_of_each().into_iter().find(|record| record.key().kind() == Kind::Final).unwrap();
    let mut bytes = bytes(&end);
    let word = bytes.windows(8).position(|bytes| bytes == b"verified").unwrap();
    bytes.splice(word - 1..word + 8, *b"\x07pending");
    let refused = RecordError::Field(FieldError::Value { what: "a final status" });
    assert_eq!(Record::read(Kind::Final, &bytes), Err(refused));
}

#[test]
fn no_number_code_or_key_is_printed() {
    let printed = format!("{:?}", one_of_each());
    for secret in ["46701234567", "20085", "468765,", "9, 9, 9", "5, 5"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
