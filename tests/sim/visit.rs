//! A person who wants to be verified, with an app that asks for it: what both will do, and when,
//! however the call goes.

use std::time::Duration;

use ringproof::number::E164;

use crate::dice::Dice;
use crate::plan::Daemon;

/// One verification that an app starts.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) at: Duration,
    pub(crate) daemon: usize,
    pub(crate) phone: E164,
    /// The pool that the app names.
    pub(crate) pool: Option<&'static str>,
    pub(crate) ring: Option<Duration>,
    pub(crate) expires_in: Option<Duration>,
    /// How it waits for a call; `None`: the phone is rung.
    pub(crate) asked: Option<Asked>,
    /// The shard's inbox is full at this moment.
    pub(crate) is_turned_away: bool,
    /// What follows, each counted from `at`.
    pub(crate) deeds: Vec<(Duration, Deed)>,
}

/// A call as an app wants to wait for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The number that it names.
    pub(crate) did: Option<usize>,
    /// Who rings is called back.
    pub(crate) is_confirmed: bool,
    /// How long ago the call may have come.
    pub(crate) within: Option<Duration>,
}

/// What a person, or the app, does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deed {
    /// Types the last line of the phone's call log, if there is one.
    TypeLatest,
    /// Types an older line of the phone's call log.
    TypeOlder,
    /// Types the last line with one digit wrong.
    Mistype,
    /// Types anything.
    Guess,
    /// Types what is no code.
    TypeNonsense,
    /// The app reads the phone's call log and reports the whole number.
    ReportCallerId,
    /// Asks for a further call.
    CallAgain,
    /// The same, and the shard's inbox is full.
    CallAgainInVain,
    /// Withdraws the verification.
    Cancel,
}

impl Visit {
    /// Draws one.
    pub(crate) fn draw(count: usize, daemons: &[Daemon], dice: &mut Dice) -> Self {
        let daemon = dice.between(0, count as u32 - 1) as usize;
        let expires_in = dice.chance(30).then(|| dice.millis(30_000, 90_000));
        let life = expires_in.unwrap_or(daemons[daemon].settings.expires_in);
        Self {
            at: dice.millis(0, 90_000),
            daemon,
            phone: phone(daemon, dice),
            pool: dice.one_of(&[None, Some("wide"), Some("narrow"), Some("narrow")]),
            ring: dice.chance(30).then(|| dice.millis(1_000, 10_000)),
            expires_in,
            asked: None,
            is_turned_away: dice.chance(4),
            deeds: deeds(life, dice),
        }
    }
}

/// Few phones, so that they meet each other; each daemon rings its own.
pub(crate) fn phone(daemon: usize, dice: &mut Dice) -> E164 {
    // The last two digits are the behaviour; beyond 35 phones just ring.
    let (twin, behaviour) = (dice.between(0, 1), dice.between(0, 39));
    let text = format!("+4670174{daemon}{twin}{behaviour:02}");
    E164::parse(&text).expect("a phone number")
}

fn deeds(life: Duration, dice: &mut Dice) -> Vec<(Duration, Deed)> {
    let mut deeds = vec![];
    let mut then = |low: u32, high: u32, deed: Deed, dice: &mut Dice| {
        let last = deeds.last().map_or(Duration::ZERO, |(at, _)| *at);
        deeds.push((last + dice.millis(low, high), deed));
    };
    match dice.between(1, 12) {
        // Looks at the phone now and then, and types what it shows.
        1..=3 => (0..3).for_each(|_| then(1_000, 15_000, Deed::TypeLatest, dice)),
        // A clumsy one.
        4 => {
            then(3_000, 15_000, Deed::Mistype, dice);
            then(1_000, 5_000, Deed::TypeOlder, dice);
            then(1_000, 5_000, Deed::TypeNonsense, dice);
            then(1_000, 5_000, Deed::TypeLatest, dice);
        }
        // Somebody else.
        5 => (0..dice.between(1, 7)).for_each(|_| then(100, 6_000, Deed::Guess, dice)),
        // The app reads the call log.
        6 => (0..3).for_each(|_| then(500, 9_000, Deed::ReportCallerId, dice)),
        // Impatient.
        7 | 8 => {
            for _ in 0..dice.between(1, 5) {
                then(200, 14_000, Deed::CallAgain, dice);
            }
            then(3_000, 15_000, Deed::TypeOlder, dice);
            then(3_000, 15_000, Deed::TypeLatest, dice);
        }
        // Withdraws, at any moment of the call.
        9 => then(0, 12_000, Deed::Cancel, dice),
        10 => {
            then(0, 100, Deed::Cancel, dice);
            then(0, 100, Deed::Cancel, dice);
        }
        // Comes when it is too late, or nearly.
        11 => {
            then(5_000, 9_000, Deed::CallAgainInVain, dice);
            deeds.push((life - Duration::from_millis(1), Deed::Guess));
            deeds.push((life, Deed::TypeLatest));
            deeds.push((life + Duration::from_millis(1), Deed::TypeLatest));
        }
        // Gives up.
        _ => {}
    }
    deeds
}
