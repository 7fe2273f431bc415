//! The few metrics that `status` shows, because no other answer of the API has them. Their names are
//! those of docs/metrics.md; one that is missing is not shown.

use jiff::Timestamp;

/// What was found in a scrape.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Scrape {
    /// The daemon's version, which need not be this program's.
    pub(super) version: Option<String>,
    /// When it was started, in RFC 3339 form.
    pub(super) started_at: Option<String>,
    /// Verifications that are pending.
    pub(super) pending: Option<u64>,
}

impl Scrape {
    /// Reads Prometheus text.
    pub(super) fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            match name {
                STARTED_AT => scrape.started_at = moment(value),
                PENDING => scrape.pending = value.parse().ok(),
                name => {
                    let version = name.strip_prefix(BUILD).and_then(|rest| rest.split_once('"'));
                    scrape.version =
                        version.map(|(version, _)| version.to_owned()).or(scrape.version);
                }
            }
        }
        scrape
    }
}

/// Seconds since 1970, to the second.
fn moment(seconds: &str) -> Option<String> {
    let seconds = seconds.split('.').next()?.parse().ok()?;
    Timestamp::from_second(seconds).ok().map(|moment| moment.to_string())
}

const BUILD: &str = "ringproof_build_info{version=\"";
const PENDING: &str = "ringproof_verifications_pending";
const STARTED_AT: &str = "process_start_time_seconds";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_strange_is_left_out() {
        let text = "# TYPE x gauge\nprocess_start_time_seconds 1763640000.25\n\
                    ringproof_build_info{version=\"0.1.0\"} 1\nringproof_verifications_pending 7\n";
        let expected = Scrape {
            version: Some("0.1.0".to_owned()),
            started_at: Some("2025-11-20T12:00:00Z".to_owned()),
            pending: Some(7),
        };
        assert_eq!(Scrape::read(text), expected);
        assert_eq!(
            Scrape::read("<html>\nringproof_verifications_pending many\n"),
            Scrape::default()
        );
    }
}
