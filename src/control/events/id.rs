//! The id of an event: its number, and the run of the daemon in which it happened.
//!
//! `00001795169730123456-5f3a9c2e`; the number alone, which is the envelope's `sequence`, will do
//! for people, who then go without the check of the run.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Which event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventId {
    /// Rises with each event.
    pub(super) number: u64,
    /// The run that it was seen in, if that is known.
    pub(super) run: Option<u32>,
}

impl Display for EventId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}", self.number)?;
        self.run.map_or(Ok(()), |run| write!(f, "-{run:08x}"))
    }
}

impl FromStr for EventId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (number, run) = match text.split_once('-') {
            Some((number, run)) => {
                (number, Some(u32::from_str_radix(run, 16).map_err(|_| IdError)?))
            }
            None => (text, None),
        };
        Ok(Self { number: number.parse().map_err(|_| IdError)?, run })
    }
}

/// It is no id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event is named by its `id`, or by its `sequence`")]
pub struct IdError;
