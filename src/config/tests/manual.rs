//! The manual, the example and the profiles say what the loader does.
