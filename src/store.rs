//! The journal: what the gateway told somebody, on disk before it said so.
//!
//! [`Opened`] is a journal that was read back, [`Journal`] the handle to write it. A [`Batch`] of
//! [`Record`]s is committed as one, by one thread, together with whatever else waits; its [`Ticket`]
//! says when it is safe. Below lie `record`, `kind` and `field` (what is stored and how it becomes
//! bytes), `writer` (the thread), `engine` and `guard` (the tables, in a library's file), `preamble`
//! (the file's first block), `disk`, and `clock` (time that survives a restart).
//!
//! Deliberately absent: any rule. The journal does not know what a verification may do, what expires
//! when, or what is told to whom; who asks for a commit says what is in it.
//!
//! Invariants: a batch whose ticket said yes is there after a crash, whole; one that was refused is
//! not, and will not be; nobody waits for the disk but the journal's own thread.

mod batch;
pub mod clock;
pub mod disk;
mod engine;
mod field;
mod guard;
mod hidden;
mod journal;
mod kind;
mod machine;
pub mod memory;
mod preamble;
pub mod record;
pub mod settings;
mod ticket;
mod writer;

pub use batch::Batch;
pub use engine::ReadError;
pub use field::FieldError;
pub use hidden::Hidden;
pub use journal::{Journal, OpenError, Opened, Report, WriterThread};
pub use kind::{Key, Kind};
pub use record::Record;
pub use settings::{Durability, Settings};
pub use ticket::{CommitError, SubmitError, Ticket};

#[cfg(test)]
mod tests;
