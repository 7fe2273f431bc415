//! The record of a call that may ring, which is safe before its INVITE leaves, so that a gateway that
//! dies leaves no phone ringing: the next one finds the record and hangs up.
//!
//! Who keeps records is somebody else: a shard names no disk. It hands a record over with a [`Receipt`],
//! never waits, and looks at the answers when it is woken. An answer is a word that is shared, not a
//! command, so no full queue can lose one.
//!
//! Invariants: no INVITE leaves whose record was refused, or answered too late. A call whose record was
//! handed over, or would have been, is forgotten once.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::sip::Message;
use crate::verify::id::{CallId, VerificationId};

/// A call that may ring: all that a gateway without memory needs to CANCEL it, or to ACK and BYE it.
#[derive(Clone, Eq, PartialEq)]
pub struct InFlight {
    /// The call.
    pub call: CallId,
    /// What it is for.
    pub verification: VerificationId,
    /// The name of the trunk that carries it.
    pub trunk: Arc<str>,
    /// Where the INVITE goes to.
    pub remote: SocketAddr,
    /// Where it leaves from, and where its responses come back to.
    pub local: SocketAddr,
    /// The INVITE, octet for octet: whatever must repeat it (RFC 3261 §9.1, §17.1.1.3) is made of it. Of
    /// a call that was answered it is the BYE, which is all that it needs.
    pub invite: Box<[u8]>,
    /// When it was about to leave.
    pub invited: Instant,
}

/// What names an INVITE and the responses to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Names<'a> {
    /// The branch of its Via.
    pub branch: &'a [u8],
    /// Its Call-ID.
    pub call_id: &'a [u8],
    /// The number of its CSeq.
    pub cseq: u32,
}

impl InFlight {
    /// What names the INVITE; `None` when it cannot be read.
    pub fn names(&self) -> Option<Names<'_>> {
        let invite = Message::parse(&self.invite).ok()?;
        Some(Names {
            branch: invite.via().ok()?.branch?,
            call_id: invite.call_id().ok()?,
            cseq: invite.cseq().ok()?.number,
        })
    }
}

impl fmt::Debug for InFlight {
    /// Without the INVITE, which has numbers in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("call", &self.call)
            .field("trunk", &self.trunk)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

/// Keeps the records of one shard's calls. Called from the shard's thread: nothing here may block.
pub trait Records: Send + Sync {
    /// Keep `record`, in the place of an earlier one of the same call, and answer `receipt` when it is
    /// safe, or will never be. The shard looks at answers when it is rung
    /// ([`Input::Recorded`](super::Input::Recorded)), so whoever has answered rings. Answers are looked
    /// at in the order of the records; one that does not come within [`RECORD_TIME_MAX`] is a refusal.
    fn record(&self, record: InFlight, receipt: Receipt);

    /// Somebody picked up: keep `record`, with the BYE, in the place of the one before. Never refused.
    fn answered(&self, record: InFlight);

    /// The call has ended, its INVITE needs no CANCEL any more and its BYE no repetition: its
    /// record, whatever became of it, is to go. Said once for each call that ends, after the last
    /// record of it.
    fn forget(&self, call: CallId);

    /// A call of a gateway that died is over: its record is to go. Said once for each.
    fn on_ghost_over(&self, call: CallId, how: GhostEnd);
}

/// How a call of a gateway that died ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GhostEnd {
    /// Somebody had picked up. It was hung up.
    Answered,
    /// The trunk confirmed the CANCEL: 487.
    Canceled,
    /// It had ended by itself, or ended otherwise, with this code.
    Refused(u16),
    /// The trunk said nothing that ends it for 64*T1, or it could not be asked.
    Silent,
    /// The trunk does not know it: 481 for the CANCEL.
    Unknown,
}

/// The record is not safe, and the INVITE must not leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the record of the call was not kept")]
pub struct NotRecorded;

/// The right to answer one record, once, from any thread. One that is dropped refuses.
#[derive(Debug)]
pub struct Receipt {
    answers: Arc<Answers>,
    number: u64,
}

impl Receipt {
    /// Says what became of the record. An answer that comes too late changes nothing.
    pub fn answer(self, answer: Result<(), NotRecorded>) {
        self.answers.settle(self.number, if answer.is_ok() { SAVED } else { REFUSED });
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        // Nothing, when it was answered.
        self.answers.settle(self.number, REFUSED);
    }
}

/// The answers to the last records of a shard: a word for each, used again in a circle, so that a record
/// costs no allocation and an answer no queue.
///
/// A word is the number of its record and what is known of that; so an answer to a record that was given
/// up meanwhile finds another number, or nobody who looks.
#[derive(Debug)]
pub(crate) struct Answers(Box<[AtomicU64]>);

impl Answers {
    /// Room for `most` records at a time.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self((0..most.max(1)).map(|_| AtomicU64::new(0)).collect()))
    }

    /// The receipt of the record with this number; numbers begin at 1 and go up by 1.
    pub(crate) fn open(self: &Arc<Self>, number: u64) -> Receipt {
        self.word(number).store(word(number, WAITING), Ordering::Release);
        Receipt { answers: Arc::clone(self), number }
    }

    /// The answer to the record with this number, if it has one. It must be one of the last.
    pub(crate) fn read(&self, number: u64) -> Option<Result<(), NotRecorded>> {
        let known = self.word(number).load(Ordering::Acquire);
        if known == word(number, SAVED) {
            return Some(Ok(()));
        }
        (known != word(number, WAITING)).then_some(Err(NotRecorded))
    }

    fn settle(&self, number: u64, state: u64) {
        let (waiting, settled) = (word(number, WAITING), word(number, state));
        // What does not wait is settled, or was given up long ago.
        let _ = self.word(number).compare_exchange(
            waiting,
            settled,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
    }

    fn word(&self, number: u64) -> &AtomicU64 {
        &self.0[(number % self.0.len() as u64) as usize]
    }
}

fn word(number: u64, state: u64) -> u64 {
    number << STATE_BITS | state
}

const STATE_BITS: u32 = 2;
const REFUSED: u64 = 1;
const SAVED: u64 = 2;
const WAITING: u64 = 3;

pub use super::recording::RECORD_TIME_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_an_answer_counts_once_and_only_for_its_own_record() {
        let answers = Answers::new(2);
        let (first, second) = (answers.open(1), answers.open(2));
        assert_eq!(answers.read(1), None);
        second.answer(Ok(()));
        assert_eq!((answers.read(1), answers.read(2)), (None, Some(Ok(()))));
        // The third has the place of the first, whose answer comes too late.
        let third = answers.open(3);
        first.answer(Ok(()));
        assert_eq!(answers.read(3), None);
        third.answer(Err(NotRecorded));
        assert_eq!(answers.read(3), Some(Err(NotRecorded)));
    }

    #[test]
    fn d04_a_receipt_that_is_lost_is_a_refusal() {
        let answers = Answers::new(2);
        drop(answers.open(1));
        assert_eq!(answers.read(1), Some(Err(NotRecorded)));
    }
}
