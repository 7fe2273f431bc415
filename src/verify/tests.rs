//! The service as its callers see it.

mod bounds;
mod checks;
mod further_calls;
mod lifecycle;
mod races;
mod refusals;
mod world;
