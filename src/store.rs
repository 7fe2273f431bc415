//! The journal: what the gateway told somebody, on disk before it said so.
//!
//! [`Opened`] is a journal that was read back, [`Journal`] the handle to write it. A [`Batch`] of
//! [`Record`]s and events is committed as one, by one thread, together with whatever else waits. What
//! may be refused is submitted, and its [`Ticket`] says when it is safe; what happened anyway is kept.
//! Below lie `record`, `kind` and `field` (what is stored and how it becomes bytes), `event` (how
//! events get their numbers), `committer` (what commits), `writer` and
//! `by_hand` (the thread that has it do so, and a simulation's), `engine` and `guard` (the tables, in a library's
//! file), `preamble` (the file's first block), `strips` (the calls in flight, once more), `disk`,
//! `look` and `overlay` (a file that is read and not written), and `clock` (time that survives a
//! restart).
//!
//! Deliberately absent: any rule. The journal does not know what a verification may do, what expires
//! when, or what is told to whom; who asks for a commit says what is in it.
//!
//! Invariants: a batch whose ticket said yes is there after a crash, whole; one that was refused is
//! not, and will not be; nobody waits for the disk but the journal's own thread.

mod batch;
mod by_hand;
pub mod clock;
mod committer;
pub mod disk;
mod engine;
mod event;
mod field;
pub mod figures;
mod guard;
mod hidden;
mod journal;
mod kind;
mod look;
mod machine;
pub mod memory;
mod opened;
mod overlay;
mod preamble;
pub mod record;
pub mod settings;
pub mod strips;
mod ticket;
mod writer;

pub use batch::Batch;
pub use by_hand::Hand;
pub use engine::ReadError;
pub use event::{Announce, Announced, NewEvent, NewWebhook};
pub use field::FieldError;
pub use hidden::Hidden;
pub use journal::{Hold, Journal, WriterThread};
pub use kind::{Key, Kind};
pub use look::Look;
pub use opened::{OpenError, Opened, Report, SecretError};
pub use record::Record;
pub use settings::{Durability, Settings};
pub use ticket::{CommitError, SubmitError, Ticket};

#[cfg(test)]
mod tests;
