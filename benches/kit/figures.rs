//! What a benchmark says of many values.

use std::fs;
use std::path::PathBuf;

/// The value below which `share` of the sorted `values` lie.
pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// `p50 1.2, p99 3.4, max 5.6`, of values in any order.
pub(crate) fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |share| percentile(&values, share);
    format!("p50 {:.2}, p99 {:.2}, max {:.2}", at(0.5), at(0.99), at(1.0))
}

/// A new folder for what a run writes.
pub(crate) fn place(name: &str) -> std::io::Result<PathBuf> {
    let place = std::env::temp_dir().join(format!("ringproof-{name}-{}", std::process::id()));
    fs::create_dir_all(&place)?;
    Ok(place)
}
