//! The requests that a trunk gets: INVITE, its CANCEL, and the ACK for a final response other than
//! 2xx; and OPTIONS. RFC 3261 §8.1.1, §9.1, §11.1 and §17.1.1.3; golden texts in the tests.
//!
//! Cut once per trunk and shard, filled for each call without allocation.
//! Deliberately absent: what follows a 2xx (its ACK and BYE live in a dialog), Route (no trunk has a
//! proxy before it), Supported and Require (no extension is needed, none can be missed).
//! Invariant: the first three agree in everything that RFC 3261 wants equal, because they are cut
//! from the same lines.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::format::write_number;
use super::lines::Lines;
use super::profile::{NumberFormat, Profile};
use crate::number::E164;
use crate::sip::sdp;
use crate::sip::template::{Template, TemplateError};

/// What makes the requests of one call its own.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    /// The phone.
    pub to: E164,
    /// The number it sees.
    pub caller_id: E164,
    /// The Call-ID: random.
    pub call_id: u128,
    /// Our tag: random.
    pub from_tag: u64,
    /// The branch of the INVITE, which its CANCEL and ACK share.
    pub branch: [u8; 39],
    /// The id of the session in the offer.
    pub session: u32,
    /// The CSeq number of the INVITE, which its CANCEL and ACK share.
    pub cseq: u32,
    /// How long the phone is to ring; `Expires` allows for it.
    pub ring: Duration,
}

/// What makes one OPTIONS its own.
#[derive(Clone, Copy, Debug)]
pub struct Ping {
    /// The Call-ID: random.
    pub call_id: u128,
    /// Our tag: random.
    pub from_tag: u64,
    /// The branch.
    pub branch: [u8; 39],
}

/// The requests of one trunk, from one local address.
#[derive(Clone, Debug)]
pub struct Messages {
    invite: Template,
    cancel: Template,
    ack: Template,
    options: Template,
    caller_id: NumberFormat,
    dialled: NumberFormat,
    local: IpAddr,
    no_ringing_after: Duration,
    /// How many planned ring times a call may last: two where a 180 may follow a guess.
    rings_max: u32,
    user_agent: Option<Arc<str>>,
}

/// Why a trunk cannot be spoken to as its profile wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MessagesError {
    /// The longest INVITE does not fit into a datagram that surely arrives.
    #[error("its longest INVITE has {bytes} bytes, at most {INVITE_BYTES_MAX} fit into a datagram")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A text of the profile has a brace in it.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl Messages {
    /// Cuts the requests for `profile`, as sent from `local`, a concrete address.
    ///
    /// # Errors
    ///
    /// When an INVITE could be longer than 1,300 bytes (RFC 3261 §18.1.1 wants TCP for it).
    pub fn new(
        profile: &Profile,
        local: SocketAddr,
        user_agent: Option<Arc<str>>,
    ) -> Result<Self, MessagesError> {
        let lines = Lines::new(profile, local);
        let compile = |text: &str| Template::compile(text, &HOLES);
        let messages = Self {
            invite: compile(&lines.invite(profile, local, user_agent.is_some()))?,
            cancel: compile(&lines.cancel())?,
            ack: compile(&lines.ack())?,
            options: compile(&lines.options(local))?,
            caller_id: profile.caller_id.format.clone(),
            dialled: profile.dialled.format.clone(),
            local: local.ip(),
            no_ringing_after: profile.no_ringing_after,
            rings_max: if profile.may_guess_ringing() { 2 } else { 1 },
            user_agent,
        };
        match messages.invite_bytes_max() {
            bytes if bytes > INVITE_BYTES_MAX => Err(MessagesError::TooLong { bytes }),
            _ => Ok(messages),
        }
    }

    /// Appends the INVITE.
    pub fn write_invite(&self, leg: &Leg, out: &mut Vec<u8>) {
        self.invite.render(|hole, out| self.fill(hole, leg, None, out), out);
    }

    /// Appends the CANCEL of that INVITE.
    pub fn write_cancel(&self, leg: &Leg, out: &mut Vec<u8>) {
        self.cancel.render(|hole, out| self.fill(hole, leg, None, out), out);
    }

    /// Appends the ACK for a final response other than 2xx, which had the tag `to_tag`.
    pub fn write_ack(&self, leg: &Leg, to_tag: Option<&[u8]>, out: &mut Vec<u8>) {
        self.ack.render(|hole, out| self.fill(hole, leg, to_tag, out), out);
    }

    /// Appends an OPTIONS that asks the trunk itself whether it is there.
    pub fn write_options(&self, ping: &Ping, out: &mut Vec<u8>) {
        let fill = |hole: usize, out: &mut Vec<u8>| {
            // Writing to a Vec cannot fail.
            let _ = match hole {
                BRANCH => out.write_all(&ping.branch),
                CALL_ID => write!(out, "{:032x}", ping.call_id),
                FROM_TAG => write!(out, "{:016x}", ping.from_tag),
                _ => Ok(()),
            };
        };
        self.options.render(fill, out);
    }

    /// How long after its INVITE a phone that shall ring for `ring` may be ringing still.
    fn longest(&self, ring: Duration) -> Duration {
        self.no_ringing_after + ring * self.rings_max
    }

    fn fill(&self, hole: usize, leg: &Leg, to_tag: Option<&[u8]>, out: &mut Vec<u8>) {
        // Writing to a Vec cannot fail.
        let _ = match hole {
            BRANCH => out.write_all(&leg.branch),
            CALL_ID => write!(out, "{:032x}", leg.call_id),
            CALLER => return write_number(&self.caller_id, leg.caller_id, out),
            CSEQ => write!(out, "{}", leg.cseq),
            DIALLED => return write_number(&self.dialled, leg.to, out),
            EXPIRES => {
                write!(out, "{}", expires(self.longest(leg.ring)))
            }
            FROM_TAG => write!(out, "{:016x}", leg.from_tag),
            OFFER => return sdp::write_offer(self.local, u64::from(leg.session), out),
            TO_TAG => to_tag.map_or(Ok(()), |tag| out.write_all(b";tag=").and(out.write_all(tag))),
            USER_AGENT => out.write_all(self.user_agent.as_deref().unwrap_or_default().as_bytes()),
            _ => Ok(()),
        };
    }

    /// The length of the INVITE whose every part is as long as it can be.
    fn invite_bytes_max(&self) -> usize {
        let Ok(longest) = E164::parse("+999999999999999") else { return usize::MAX };
        let leg = Leg {
            to: longest,
            caller_id: longest,
            call_id: u128::MAX,
            from_tag: u64::MAX,
            branch: [b'f'; 39],
            session: u32::MAX,
            cseq: u32::MAX,
            ring: Duration::from_secs(20),
        };
        let mut out = Vec::new();
        self.write_invite(&leg, &mut out);
        out.len()
    }
}

/// Whole seconds, upwards: the trunk ends a call that we have lost sight of, and no other.
fn expires(longest: Duration) -> u64 {
    longest.as_secs() + u64::from(longest.subsec_nanos() > 0)
}

const BRANCH: usize = 0;
const CALL_ID: usize = 1;
const CALLER: usize = 2;
const CSEQ: usize = 3;
const DIALLED: usize = 4;
const EXPIRES: usize = 5;
const FROM_TAG: usize = 6;
const OFFER: usize = 7;
const TO_TAG: usize = 8;
const USER_AGENT: usize = 9;
const HOLES: [&str; 10] = [
    "branch",
    "call_id",
    "caller",
    "cseq",
    "dialled",
    "expires",
    "from_tag",
    "offer",
    "to_tag",
    "user_agent",
];

/// RFC 3261 §18.1.1: a request "larger than 1300 bytes" with an unknown path MTU needs TCP.
const INVITE_BYTES_MAX: usize = 1_300;

#[cfg(test)]
mod tests;
