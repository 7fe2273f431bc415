//! Verifications: who must prove which phone, with which code, until when. Knows numbers and time,
//! knows nothing of SIP.

pub mod event;
pub mod id;
pub mod record;
pub mod snapshot;
