//! The SIP grammar: RFC 3261 §7, §19, §20 and §25. A lazy view of what came in, writers for what goes
//! out. No time, no state, no I/O; nothing is allocated to read or write the messages of a call.
//!
//! How strict: what could be read in two ways is refused (lone CR or LF, duplicates of headers that
//! may be there once, two Content-Lengths, numbers that do not fit); what the RFC asks to tolerate is
//! tolerated (folding, compact names, any case, octets that are no UTF-8, white space before a colon);
//! what nobody here uses is not looked at. [`Message::parse`] is the fast path,
//! [`Message::check`] the full reading of a stranger's message.
//!
//! Invariant: no input makes a function here panic, and each takes time linear in its input.

mod check;
mod cseq;
pub mod echo;
mod error;
mod host;
mod lex;
mod list;
mod message;
mod method;
mod name;
mod name_addr;
mod params;
mod refusal;
pub mod request;
pub mod response;
mod scan;
pub mod sdp;
mod start;
mod status;
pub mod stream;
pub mod template;
pub mod uri;
mod values;
mod via;
mod write;

pub use cseq::CSeq;
pub use error::{HEADER_LINES_MAX, HeaderError, MESSAGE_BYTES_MAX, Malformed, PARAMETERS_MAX};
pub use host::Host;
pub use message::Message;
pub use method::Method;
pub use name::Name;
pub use name_addr::NameAddr;
pub use params::{Param, Params};
pub use refusal::{ALLOW, Refusal};
pub use start::{RequestLine, Start, StatusLine};
pub use status::{Class, Status};
pub use uri::Uri;
pub use via::{Rport, Via};
