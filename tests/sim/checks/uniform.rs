//! Q7, Q8: whoever rings whatever number hears the same statuses after the same times, whether anybody
//! waits for the call or not.
//!
//! Only in calm weather, and of calls that a shard has let in: under load those that are waited for go
//! first, and only then.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::broken::{Rule, Verdict, ensure};

/// What a caller has heard: each status, and how long after the INVITE.
pub(crate) type Heard = Vec<(u16, Duration)>;

/// What all calls of one kind have heard.
#[derive(Default)]
pub(crate) struct Uniform {
    /// By the way through the network, how the number's calls go, and what the caller does.
    kinds: BTreeMap<String, Heard>,
}

impl Uniform {
    /// A call is over for its caller.
    pub(crate) fn on_call(&mut self, kind: String, heard: Heard) -> Verdict {
        let first = self.kinds.entry(kind).or_insert_with(|| heard.clone());
        let is_same = |((one, at), (other, then)): (&(u16, Duration), &(u16, Duration))| {
            one == other && at.abs_diff(*then) <= SLACK
        };
        let holds = first.len() == heard.len() && first.iter().zip(&heard).all(is_same);
        ensure(holds, Rule::MissedCalls, || format!("{heard:?}, and another one {first:?}"))
    }
}

/// A slot of the timer wheel for the shard, and one for the caller.
const SLACK: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q08_another_status_another_time_or_one_more_is_noticed() {
        let heard = |calls: &[(u16, u64)]| -> Heard {
            calls.iter().map(|(status, at)| (*status, Duration::from_millis(*at))).collect()
        };
        let mut uniform = Uniform::default();
        let mut call = |kind: &str, calls| uniform.on_call(kind.to_owned(), heard(calls)).is_ok();
        assert!(call("a", &[(180, 20), (486, 500)]));
        assert!(call("a", &[(180, 20), (486, 501)]));
        assert!(!call("a", &[(180, 20), (486, 503)]));
        assert!(!call("a", &[(180, 20), (480, 500)]));
        assert!(!call("a", &[(180, 20)]));
        assert!(call("b", &[(180, 20), (486, 503)]));
    }
}
