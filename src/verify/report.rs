//! What the phone saw, as its app reports it. Changes nothing but what listeners know: delivery
//! statistics, and whether a carrier rewrites caller IDs.

use std::sync::Arc;

use super::event::Event;
use super::id::VerificationId;
use super::service::Verify;
use crate::number::E164;

impl Verify {
    /// Passes on what the phone saw of the latest call.
    ///
    /// # Errors
    ///
    /// When the verification is unknown.
    pub fn report(&self, id: VerificationId, report: Report) -> Result<(), NotFound> {
        let entry = self.table.get(id).ok_or(NotFound)?;
        let placed = entry.current(entry.word.load());
        // The whole pool is asked, not the call's number: a report must not test a code.
        let numbers = &self.pool(&entry).suffixes;
        let is_ours = report.caller_id.map(|caller_id| numbers.contains(caller_id));
        let call = Arc::clone(&placed.record);
        self.listener.on_event(Event::PhoneReported { call, saw: report.saw, is_ours });
        Ok(())
    }
}

/// What the phone saw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    /// In short.
    pub saw: Saw,
    /// The caller ID that was shown, when it was a whole number.
    pub caller_id: Option<E164>,
}

/// What the phone saw, in short.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Saw {
    /// A call, after the person had given up.
    LateCall,
    /// No call.
    NoCall,
    /// A call from a number that is not ours, or from none.
    UnknownCaller,
}

impl Saw {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LateCall => "late_call",
            Self::NoCall => "no_call",
            Self::UnknownCaller => "unknown_caller",
        }
    }
}

/// No such verification, or none that is remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such verification")]
pub struct NotFound;
