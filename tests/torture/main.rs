//! The torture messages of RFC 4475 and RFC 5118, read by our grammar and by two others, and broken
//! in two hundred thousand ways. `import.py` recovers the messages from the RFC texts;
//! `EXPECTATIONS.tsv` says what must come of each.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own messages has failed")]

mod corpus;
mod differential;
mod mutation;
mod round_trip;
mod verdicts;
