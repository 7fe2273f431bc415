//! The service as its callers see it.

mod bounds;
mod challenges;
mod checks;
mod further_calls;
mod lifecycle;
mod missed_calls;
mod missed_history;
mod missed_races;
mod missed_world;
mod races;
mod recovery;
mod recovery_world;
mod refusals;
mod world;
