//! One shard and a scripted trunk, in virtual time: what crosses the wire, and what the call and the
//! verification make of it.

mod again;
mod answered;
mod bursts;
mod clerk;
mod crossings;
mod farewells;
mod flash;
mod forged;
mod ghosts;
mod health;
mod icmp;
mod missed;
mod missed_bounds;
mod missed_dialogs;
mod missed_stops;
mod missed_verified;
mod missed_world;
mod notice;
mod recording;
mod reloads;
mod routes;
mod timers;
mod world;
