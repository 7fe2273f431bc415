//! One message for one receiver, as memory holds it; the journal's row has the same fields.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::time::Micros;
use crate::verify::id::{IdError, read_ulid, write_ulid};

/// How long after its event a message is kept that nobody takes. Its schedule ends well before; what a
/// receiver that is down or asks to be left alone, again and again, has put off until then ends so.
pub const MESSAGE_KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Names one message: `msg_` and a ULID. It is the `webhook-id` of every try.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub u128);

impl MessageId {
    /// The id before this one, whether or not there is such a message.
    pub(super) fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The id after this one, whether or not there is such a message.
    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ulid("msg_", self.0, f)
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        read_ulid("msg_", text).map(Self)
    }
}

/// Whom a message is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// The `[[webhook]]` of this name.
    Named(Arc<str>),
    /// The `callback_url` of one verification.
    Url(Arc<str>),
}

/// One event for one receiver.
#[derive(Clone)]
pub struct Message {
    /// Its name, the same on each try.
    pub id: MessageId,
    /// Whom it is for.
    pub endpoint: Endpoint,
    /// The number of the event that it tells of.
    pub sequence: u64,
    /// The name of that event.
    pub name: Arc<str>,
    /// What is sent: the envelope, byte for byte the same on each try and for each receiver.
    pub body: Arc<[u8]>,
    /// When the event happened.
    pub created_at: Micros,
    /// When it was committed with its event: how long it is kept counts from there.
    pub created: Instant,
    /// Until when somebody may wait for it: until then it is tried every two minutes at least.
    pub matters_until: Option<Instant>,
    /// Tries that have ended.
    pub attempts: u16,
    /// When it is tried; `None`: never, unless somebody asks (a dead letter).
    pub next: Option<Instant>,
    /// The status of the last reply; `None`: none came.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub error: Option<Box<str>>,
}

impl fmt::Debug for Message {
    /// Without the body, which holds a phone number, and without the URL, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match &self.endpoint {
            Endpoint::Named(name) => name,
            Endpoint::Url(_) => "a callback",
        };
        f.debug_struct("Message")
            .field("id", &format_args!("{}", self.id))
            .field("endpoint", &endpoint)
            .field("sequence", &self.sequence)
            .field("name", &self.name)
            .field("attempts", &self.attempts)
            .field("status", &self.status)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::testing::origin;

    #[test]
    fn a_message_is_named_like_everything_else_and_says_no_secret() {
        let id = MessageId(0x019a_0000_0000_0000_0000_0000_0000_0007);
        assert_eq!(id.to_string(), "msg_01K80000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        let message = Message {
            id,
            endpoint: Endpoint::Url("https://example.com/?key=hunter2".into()),
            sequence: 1,
            name: "verification.failed".into(),
            body: b"+46701234567".as_slice().into(),
            created_at: Micros(0),
            created: origin(),
            matters_until: None,
            attempts: 0,
            next: None,
            status: None,
            error: None,
        };
        let shown = format!("{message:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("4670"), "{shown}");
    }
}
