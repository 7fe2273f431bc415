//! Webhooks: desks in virtual time, and a notifier with receivers on loopback.

mod bounds;
mod browse;
mod desk;
mod gone;
mod guard;
mod notifier;
mod receiver;
mod receivers;
mod revived;
mod schedule;
mod secret;
mod world;
