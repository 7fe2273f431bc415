//! Bounds, and what chance does.
