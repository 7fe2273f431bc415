//! S4: every dialog that a 2xx makes is acknowledged each time and hung up once; and at the end no
//! phone is left off the hook.

use std::collections::{BTreeMap, BTreeSet};

use crate::broken::{Rule, Verdict, ensure};

/// Call-ID and To tag.
type Name = (String, String);

/// Every dialog whose 2xx has reached its gateway.
#[derive(Default)]
pub(crate) struct Answers {
    dialogs: BTreeMap<Name, Dialog>,
}

#[derive(Default)]
struct Dialog {
    daemon: usize,
    /// 2xx that came, ACKs that left.
    answers: u32,
    acks: u32,
    /// The branches of its BYEs: a repetition has that of the first.
    byes: BTreeSet<String>,
}

impl Answers {
    /// A 2xx has reached a gateway of this daemon.
    pub(crate) fn on_answer(&mut self, name: Name, daemon: usize) {
        let dialog = self.dialogs.entry(name).or_default();
        dialog.daemon = daemon;
        dialog.answers += 1;
    }

    /// An ACK has left. One for a refusal is no business of this check.
    pub(crate) fn on_ack(&mut self, name: &Name) {
        if let Some(dialog) = self.dialogs.get_mut(name) {
            dialog.acks += 1;
        }
    }

    /// A BYE has left.
    pub(crate) fn on_bye(&mut self, name: &Name, branch: &str, has_shed: bool) -> Verdict {
        let dialog = self.dialogs.get_mut(name);
        ensure(dialog.is_some(), Rule::AnswersHungUp, || format!("a BYE for nothing: {name:?}"))?;
        let Some(dialog) = dialog else { return Ok(()) };
        dialog.byes.insert(branch.to_owned());
        let count = dialog.byes.len();
        // Who had no room to remember a BYE sends another when the 2xx comes again.
        ensure(count == 1 || has_shed, Rule::AnswersHungUp, || format!("{count} BYEs for {name:?}"))
    }

    /// A gateway has died: whoever comes after it knows of no BYE, and sends one of his own.
    pub(crate) fn on_killed(&mut self, daemon: usize) {
        let its = self.dialogs.values_mut().filter(|dialog| dialog.daemon == daemon);
        its.for_each(|dialog| dialog.byes.clear());
    }

    /// The gateway has done what it wanted to do about a 2xx.
    pub(crate) fn settle(&self, name: &Name) -> Verdict {
        let Some(dialog) = self.dialogs.get(name) else { return Ok(()) };
        ensure(dialog.acks == dialog.answers, Rule::AnswersHungUp, || {
            format!("{} answers, {} ACKs in {name:?}", dialog.answers, dialog.acks)
        })?;
        ensure(!dialog.byes.is_empty(), Rule::AnswersHungUp, || format!("no BYE for {name:?}"))
    }

    /// How many dialogs there were.
    pub(crate) fn count(&self) -> usize {
        self.dialogs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Name {
        ("call".to_owned(), "tag".to_owned())
    }

    #[test]
    fn s04_an_answer_without_ack_is_noticed() {
        let mut answers = Answers::default();
        answers.on_answer(name(), 0);
        assert_eq!(answers.on_bye(&name(), "b", false), Ok(()));
        assert!(answers.settle(&name()).is_err());
        answers.on_ack(&name());
        assert_eq!(answers.settle(&name()), Ok(()));
        answers.on_answer(name(), 0);
        assert!(answers.settle(&name()).is_err());
    }

    #[test]
    fn s04_an_answer_without_bye_is_noticed() {
        let mut answers = Answers::default();
        answers.on_answer(name(), 0);
        answers.on_ack(&name());
        assert!(answers.settle(&name()).is_err());
    }

    #[test]
    fn s04_a_bye_for_nothing_is_noticed() {
        assert!(Answers::default().on_bye(&name(), "b", false).is_err());
    }

    #[test]
    fn s04_a_second_bye_is_noticed_and_a_repeated_one_is_not() {
        let mut answers = Answers::default();
        answers.on_answer(name(), 0);
        assert_eq!(answers.on_bye(&name(), "b", false), Ok(()));
        assert_eq!(answers.on_bye(&name(), "b", false), Ok(()));
        assert!(answers.on_bye(&name(), "c", false).is_err());
        assert_eq!(answers.on_bye(&name(), "d", true), Ok(()));
    }

    #[test]
    fn s04_an_answer_that_a_dead_gateway_hung_up_needs_one_more_bye() {
        let mut answers = Answers::default();
        answers.on_answer(name(), 0);
        answers.on_ack(&name());
        assert_eq!(answers.on_bye(&name(), "b", false), Ok(()));
        answers.on_killed(1);
        assert_eq!(answers.settle(&name()), Ok(()), "another daemon's");
        answers.on_killed(0);
        assert!(answers.settle(&name()).is_err());
        assert_eq!(answers.on_bye(&name(), "c", false), Ok(()));
        assert_eq!(answers.settle(&name()), Ok(()));
        assert!(answers.on_bye(&name(), "d", false).is_err());
    }
}
