//! The torture messages of RFC 4475 and RFC 5118, read by our grammar and by two others, and broken
//! in two hundred thousand ways. `import.py` recovers the messages from the RFC texts;
//! `EXPECTATIONS.tsv` says what must come of each.

mod corpus;
mod differential;
mod mutation;
mod round_trip;
mod verdicts;
