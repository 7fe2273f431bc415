//! What is done for the calls of a process that was killed ahead of everything else: each gets one CANCEL, or its BYE,
//! before the journal is opened, which may take a while. What comes of it, and what was lost on the way,
//! the shards see to when the journal is read.

#![expect(clippy::disallowed_methods, reason = "nothing runs yet that could be kept waiting")]

use std::path::Path;
use std::thread;

use tracing::{info, warn};

use crate::gateway::farewell::is_bye;
use crate::gateway::{BURST_GAP, BURST_MAX};
use crate::net::Socket;
use crate::sip::{Message, echo};
use crate::store::record::InFlight;
use crate::store::strips;

/// Sends the CANCELs and BYEs of the calls that were in flight when the journal at `path` was left.
pub(super) fn knock(path: &Path, sockets: &[Vec<Socket>]) {
    let calls = match strips::read(path) {
        Ok(calls) if calls.is_empty() => return,
        Ok(calls) => calls,
        Err(error) => {
            return warn!(
                file = %strips::beside(path).display(), %error,
                "the copy of the calls in flight cannot be read: what the process before this one left \
                 ringing is hung up when the journal is read; let this user read the file, or delete it"
            );
        }
    };
    let mut sent = 0;
    for burst in calls.chunks(BURST_MAX) {
        sent += burst.iter().filter(|call| hang_up(call, sockets).is_some()).count();
        // A trunk has a receive buffer, too.
        thread::sleep(BURST_GAP);
    }
    info!(calls = calls.len(), sent, "CANCELled what may ring, before the journal is read");
}

/// From where the INVITE left; `None`: there is nobody who could.
fn hang_up(call: &InFlight, sockets: &[Vec<Socket>]) -> Option<()> {
    let socket = sockets.iter().flatten().find(|socket| socket.local == call.local)?;
    let invite = Message::parse(&call.invite.0).ok()?;
    let mut last = vec![];
    match is_bye(&call.invite.0) {
        true => last.extend_from_slice(&call.invite.0),
        false if echo::write_cancel(&invite, &mut last) => {}
        false => return None,
    }
    socket.send_to(&last, call.remote).ok()
}
