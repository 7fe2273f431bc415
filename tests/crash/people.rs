//! What people do who are to prove their phones.

use ringproof::entropy::Stream;

use crate::ledger::Guess;

/// Somebody with a phone.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) manner: Manner,
    /// Of the verification, once it is known.
    pub(crate) id: Option<String>,
    /// The codes that the phone has seen.
    pub(crate) codes: Vec<u32>,
    /// What is left to be done.
    pub(crate) steps: Vec<Step>,
    /// Whether a step is being done, or waits for its time.
    pub(crate) is_busy: bool,
    /// Which verification of this phone it is.
    pub(crate) round: u32,
}

/// What somebody is like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Manner {
    /// Asks for a second call.
    Asks,
    /// Rings the number that they are shown.
    Calls,
    /// Gives up.
    Cancels,
    /// Rings the number that they are shown, is called back, and types the code.
    Confirms,
    /// Only guesses, and comes back to guess.
    Guesses,
    /// Does nothing, until it expires; `calls`: and never rings the number that they are shown.
    Sleeps { calls: bool },
    /// Types the code, after some mistakes.
    Types { mistakes: u32 },
}

/// Something to do, the last of the list first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    AskForCall,
    Cancel,
    TypeRight,
    TypeWrong,
}

impl Manner {
    /// Of a stranger. `sleepers` of a thousand do nothing.
    pub(crate) fn draw(sleepers: u32, dice: &mut Stream) -> Self {
        if dice.below(1_000) < sleepers {
            return Self::Sleeps { calls: dice.below(2) == 0 };
        }
        match dice.below(100) {
            0..10 => Self::Asks,
            10..15 => Self::Confirms,
            15..25 => Self::Calls,
            25..40 => Self::Cancels,
            40..50 => Self::Guesses,
            50..75 => Self::Types { mistakes: 0 },
            _ => Self::Types { mistakes: 1 + dice.below(2) },
        }
    }

    /// Whether the phone is to ring us.
    pub(crate) fn is_missed_call(self) -> bool {
        matches!(self, Self::Calls | Self::Confirms | Self::Sleeps { calls: true })
    }

    /// Whether they ring the number that they are shown.
    pub(crate) fn dials(self) -> bool {
        matches!(self, Self::Calls | Self::Confirms)
    }

    /// How many calls a start of theirs is good for.
    pub(crate) fn calls(self) -> u32 {
        u32::from(self == Self::Confirms || !self.is_missed_call())
    }

    fn steps(self) -> Vec<Step> {
        match self {
            Self::Asks => vec![Step::TypeRight, Step::AskForCall],
            Self::Calls | Self::Sleeps { .. } => vec![],
            Self::Cancels => vec![Step::Cancel],
            Self::Confirms => vec![Step::TypeRight],
            Self::Guesses => {
                vec![Step::TypeRight, Step::TypeWrong, Step::TypeWrong, Step::TypeWrong]
            }
            Self::Types { mistakes } => {
                let mut steps = vec![Step::TypeRight];
                steps.extend((0..mistakes).map(|_| Step::TypeWrong));
                steps
            }
        }
    }
}

impl Person {
    pub(crate) fn new(manner: Manner, round: u32) -> Self {
        let steps = manner.steps();
        Self { manner, id: None, codes: vec![], steps, is_busy: false, round }
    }

    /// What to do now; `None` while nothing can be done.
    pub(crate) fn next(&mut self) -> Option<Step> {
        let step = *self.steps.last()?;
        let waits = match step {
            Step::Cancel => false,
            Step::AskForCall | Step::TypeRight | Step::TypeWrong => self.codes.is_empty(),
        };
        if self.is_busy || self.id.is_none() || waits {
            return None;
        }
        self.is_busy = true;
        self.steps.pop()
    }

    /// The code to type, and what it is.
    pub(crate) fn code(&self, step: Step) -> Option<(String, Guess)> {
        let latest = *self.codes.last()?;
        let (code, guess) = match (step, self.manner) {
            (Step::TypeWrong, _) => {
                let not_rung = |code: &u32| !self.codes.contains(code);
                (((latest + 1)..).map(|code| code % 100_000).find(not_rung)?, Guess::Wrong)
            }
            // While a call is on its way it may know a later code than the phone.
            (_, Manner::Asks) => (latest, Guess::Rung),
            _ => (latest, Guess::Right),
        };
        Some((format!("{code:05}"), guess))
    }
}
