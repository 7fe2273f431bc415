//! Phones: what was asked for them, and what they saw.

use std::time::Duration;

use super::{Kind, Ledger};
use crate::clock::Asked;

/// One phone.
#[derive(Debug, Default)]
pub(super) struct Phone {
    /// Starts that were asked for and not refused.
    asked: u32,
    granted: u32,
    pub(super) created: u32,
    pub(super) placed: u32,
    pub(super) invites: u32,
    /// The last five digits of those who rang, and when.
    suffixes: Vec<(Duration, u32)>,
    /// When wrong codes were told to be counted.
    wrong: Vec<Duration>,
}

impl Ledger {
    /// A start of this phone is asked for.
    pub(crate) fn on_start_asked(&mut self, phone: &str) {
        self.phone(phone).asked += 1;
    }

    /// It was refused: there is none.
    pub(crate) fn on_start_refused(&mut self, phone: &str) {
        self.phone(phone).asked -= 1;
    }

    pub(super) fn on_phone_granted(&mut self, phone: &str, asked: Asked) {
        let most = self.rules.starts_per_phone;
        let is_locked = self.is_locked(phone, asked.at);
        let entry = self.phone(phone);
        entry.granted += 1;
        let granted = entry.granted;
        if granted > most {
            self.object(Kind::Limit, format!("{phone} was started {granted} times, of {most}"));
        }
        if is_locked {
            self.object(Kind::Limit, format!("{phone} was started, and is locked"));
        }
    }

    pub(super) fn on_phone_wrong(&mut self, phone: &str, told: Duration) {
        self.phone(phone).wrong.push(told);
    }

    /// Whether it was known to be locked then.
    pub(super) fn is_locked(&self, phone: &str, at: Duration) -> bool {
        let wrong = self.phones.get(phone).map(|phone| &phone.wrong);
        let before = wrong.map_or(0, |wrong| wrong.iter().filter(|told| **told < at).count());
        before >= self.rules.wrong_codes_lock
    }

    /// An INVITE has shown it this number.
    pub(super) fn on_shown(&mut self, phone: &str, caller: &str, at: Duration) {
        let digits = caller.get(caller.len().saturating_sub(5)..);
        let Some(suffix) = digits.and_then(|digits| digits.parse().ok()) else {
            return self.object(Kind::Violation, format!("{phone} was shown no number"));
        };
        let entry = self.phone(phone);
        entry.invites += 1;
        let before = entry.suffixes.iter().find(|(_, was)| *was == suffix).copied();
        entry.suffixes.push((at, suffix));
        if let Some((first, _)) = before {
            let text = format!("{phone} was rung from {caller} at {first:.3?} and at {at:.3?}");
            self.object(Kind::CallerIdAgain, text);
        }
    }

    pub(super) fn finish_phones(&mut self) {
        let mut faults = vec![];
        for (number, phone) in &self.phones {
            let Phone { asked, created, placed, invites, .. } = phone;
            if created > asked {
                let text = format!("{number} has {created} verifications, {asked} were asked for");
                faults.push((Kind::Unasked, text));
            }
            if invites > placed {
                let text = format!(
                    "{number} was rung at {:.3?}, and {placed} calls are known",
                    phone.suffixes
                );
                faults.push((Kind::SecondCall, text));
            }
        }
        self.object_all(faults);
    }

    pub(super) fn phone(&mut self, phone: &str) -> &mut Phone {
        self.phones.entry(phone.to_owned()).or_default()
    }
}
