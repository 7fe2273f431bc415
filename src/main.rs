//! The `ringproof` program.

fn main() {}
