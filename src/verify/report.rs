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
    /// When the verification is unknown, or its phone was not called.
    pub fn report(&self, id: VerificationId, report: Report) -> Result<(), ReportError> {
        let entry = self.table.get(id).ok_or(ReportError::NotFound)?;
        let flash = entry.step.flash().ok_or(ReportError::NotCalled)?;
        let placed = flash.current(entry.word.load()).ok_or(ReportError::NotCalled)?;
        // The whole pool is asked, not the call's number: a report must not test a code.
        let numbers = &self.pool(flash).suffixes;
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

/// Why a report was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// It waits for a call from the phone, and has not called it back.
    #[error("the phone has not been called back, so it saw nothing")]
    NotCalled,
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
}
