//! Verifications: who must prove which phone, with which code, until when. Knows numbers and time,
//! knows nothing of SIP.

pub mod call_again;
pub mod cancel;
pub mod census;
pub mod check;
pub mod event;
pub mod id;
pub mod list;
pub mod policy;
pub mod range;
pub mod record;
pub mod report;
pub mod settings;
pub mod snapshot;
pub mod start;
