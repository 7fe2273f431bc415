//! `[[pool]]`: the numbers that flash calls come from.

use std::sync::Arc;

/// The numbers that flash calls come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pool {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Its numbers as written: `+46876500123`, or a range `+46876500[000-999]`.
    pub numbers: Vec<String>,
    /// Indices into [`Config::trunks`](super::Config::trunks), in the order of preference. Never
    /// empty.
    pub trunks: Vec<u16>,
}
