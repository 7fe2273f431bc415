//! What is done for the calls of a process that was killed ahead of everything else: each gets one
//! CANCEL, or its BYE, before the journal is opened, which may take a while. What comes of it, and
//! what was lost on the way, the shards see to when the journal is read.

#![expect(clippy::disallowed_methods, reason = "nothing runs yet that could be kept waiting")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use tracing::{info, warn};

use crate::gateway::farewell::is_bye;
use crate::gateway::{BURST_GAP, BURST_MAX};
use crate::net::Socket;
use crate::sip::{Message, echo};
use crate::store::record::InFlight;
use crate::store::strips;

/// Sends the CANCELs and BYEs of the calls that were in flight when the journal at `path` was left, and
/// returns them.
pub(super) fn knock(path: &Path, sockets: &[Vec<Socket>]) -> Vec<InFlight> {
    let calls = match strips::read(path) {
        Ok(calls) if calls.is_empty() => return calls,
        Ok(calls) => calls,
        Err(error) => {
            warn!(
                file = %strips::beside(path).display(), %error,
                "the copy of the calls in flight cannot be read: what the process before this one left \
                 ringing is hung up when the journal is read; let this user read the file, or delete it"
            );
            return vec![];
        }
    };
    let here: Vec<SocketAddr> = sockets.iter().flatten().map(|socket| socket.local).collect();
    if let Some(warning) = left_elsewhere(&calls, &here) {
        warn!("{warning}");
    }
    let (mut cancels, mut byes) = (0, 0);
    for burst in calls.chunks(BURST_MAX) {
        for last in burst.iter().filter_map(|call| hang_up(call, sockets)) {
            match last {
                Last::Bye => byes += 1,
                Last::Cancel => cancels += 1,
            }
        }
        // A trunk has a receive buffer, too.
        thread::sleep(BURST_GAP);
    }
    if cancels + byes > 0 {
        info!(cancels, byes, "hung up what may be up, before the journal is read");
    }
    calls
}

/// What a call is hung up with.
enum Last {
    Bye,
    Cancel,
}

/// What to say of calls that did not leave from `here`.
fn left_elsewhere(calls: &[InFlight], here: &[SocketAddr]) -> Option<String> {
    let elsewhere = calls.iter().map(|call| call.local).filter(|local| !here.contains(local));
    let count = elsewhere.clone().count();
    let list = |addresses: &BTreeSet<SocketAddr>| {
        let words: Vec<_> = addresses.iter().map(|address| format!("udp:{address}")).collect();
        words.join(", ")
    };
    (count > 0).then(|| {
        format!(
            "calls were left from other addresses than this gateway has ({count} from {}; it has {}): they \
             are hung up when the journal is read, as far as their trunk believes another address",
            list(&elsewhere.collect()),
            list(&here.iter().copied().collect())
        )
    })
}

/// From where the INVITE left; `None`: there is nobody who could.
fn hang_up(call: &InFlight, sockets: &[Vec<Socket>]) -> Option<Last> {
    let socket = sockets.iter().flatten().find(|socket| socket.local == call.local)?;
    let invite = Message::parse(&call.invite.0).ok()?;
    let mut bytes = vec![];
    let last = match is_bye(&call.invite.0) {
        true => {
            bytes.extend_from_slice(&call.invite.0);
            Last::Bye
        }
        false if echo::write_cancel(&invite, &mut bytes) => Last::Cancel,
        false => return None,
    };
    socket.send_to(&bytes, call.remote).ok().map(|()| last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Hidden;
    use crate::store::clock::JournalTime;
    use crate::verify::id::{CallId, VerificationId};

    #[test]
    fn d03_calls_that_were_left_from_another_address_are_told_with_both() {
        let call = |id, local: &str| InFlight {
            call: CallId(id),
            verification: VerificationId(id),
            trunk: "lab".into(),
            remote: ([192, 0, 2, 1], 5060).into(),
            local: local.parse().unwrap(),
            invite: Hidden(Box::default()),
            invited: JournalTime(0),
        };
        let calls = ["192.0.2.9:5070", "192.0.2.9:5070", "192.0.2.9:5080"];
        let calls: Vec<_> = (1..).zip(calls).map(|(id, local)| call(id, local)).collect();
        let here = |here: &str| left_elsewhere(&calls, &[here.parse().unwrap()]);
        expect_test::expect![[r#"
            calls were left from other addresses than this gateway has (2 from udp:192.0.2.9:5070; it has udp:192.0.2.9:5080): they are hung up when the journal is read, as far as their trunk believes another address"#]]
        .assert_eq(&here("192.0.2.9:5080").unwrap());
        assert!(
            here("192.0.2.9:5090")
                .unwrap()
                .contains("(3 from udp:192.0.2.9:5070, udp:192.0.2.9:5080; ")
        );
        assert_eq!(left_elsewhere(&calls[2..], &[calls[2].local]), None);
    }
}
