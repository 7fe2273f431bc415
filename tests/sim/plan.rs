//! What a world is made of, drawn from its seed before anything happens.

use std::net::SocketAddr;
use std::time::Duration;

use ringproof::lab;
use ringproof::trunk::{
    CallerId, CallerIdHeader, CallerPolicy, Dialled, NationalPlan, NumberFormat, Profile, Ringing,
};
use ringproof::verify::settings::{Bounds, Limit, Limits, PoolSettings, Settings};

use crate::crashes::Crashes;
use crate::dice::Dice;
use crate::dids::Inbound;
use crate::reloads::Reload;
use crate::rings::{self, Ring};
use crate::visit::Visit;

/// What the network is like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weather {
    /// Nothing is lost, repeated or overtaken.
    Calm,
    /// A little of everything.
    Fair,
    /// Up to 30 % lost, 10 % repeated, 200 ms of reordering.
    Foul,
}

/// One world.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) weather: Weather,
    pub(crate) daemons: Vec<Daemon>,
    pub(crate) trunks: Vec<Trunk>,
    pub(crate) outages: Vec<Outage>,
    pub(crate) reloads: Vec<Reload>,
    pub(crate) visits: Vec<Visit>,
    /// People who ring our numbers.
    pub(crate) rings: Vec<Ring>,
    /// What befalls daemons that have a journal; `None`: they have none, and nothing does.
    pub(crate) crashes: Option<Crashes>,
}

/// One gateway daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) settings: Settings,
    pub(crate) inbound: Inbound,
    /// For each pool the trunks that carry its calls.
    pub(crate) routes: Vec<Vec<u16>>,
    pub(crate) transactions_max: usize,
    pub(crate) queue_max: usize,
    /// How slow the way from the control room to a shard is at most.
    pub(crate) command_delay_ms: u32,
    /// When it is told to stop.
    pub(crate) drains_at: Option<Duration>,
}

/// One trunk, as its profile says and as it is.
#[derive(Debug)]
pub(crate) struct Trunk {
    pub(crate) profile: Profile,
    pub(crate) settings: lab::Settings,
}

/// A time in which a trunk is not to be had.
#[derive(Debug)]
pub(crate) struct Outage {
    pub(crate) trunk: usize,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) kind: OutageKind,
}

/// What an outage looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OutageKind {
    /// Its host says so (ICMP), and it knows its calls afterwards.
    Refused,
    /// Its host says so, and it has forgotten its calls afterwards.
    Restarted,
    /// Nobody says anything.
    Unplugged,
}

impl Plan {
    /// The world of `seed`.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let weather = match dice.between(1, 100) {
            1..=40 => Weather::Calm,
            41..=65 => Weather::Fair,
            _ => Weather::Foul,
        };
        let count = dice.between(1, 3);
        let lasts_ms = dice.one_of(&[OUTAGE_SHORT_MS, OUTAGE_LONG_MS]);
        let outages: Vec<Outage> = match dice.chance(30) {
            true => (0..dice.between(1, 2)).map(|_| outage(count, lasts_ms, &mut dice)).collect(),
            false => vec![],
        };
        let has_crashes = seed % CRASHES_EACH == CRASHES_EACH - 1;
        let wire = match weather == Weather::Calm && outages.is_empty() && !has_crashes {
            true => lab::Wire::Orderly,
            false => lab::Wire::Wild,
        };
        let mut callers = Dice::new(seed, 6);
        let daemons: Vec<Daemon> = (0..dice.between(1, 3) as usize)
            .map(|index| Inbound::draw(index, count, &mut callers))
            .map(|inbound| daemon(count as usize, inbound, &mut dice))
            .collect();
        let is_crowded = daemons.iter().any(|daemon| daemon.transactions_max < ROOMY);
        let is_patience_tried = lasts_ms == OUTAGE_LONG_MS && !outages.is_empty();
        // Who is answered stays answered until we hang up: otherwise a lost BYE would not show. But a
        // BYE for which there is no room leaves once, and none is sent for longer than 64*T1.
        // Nor is one that was lost when its gateway died.
        let is_forgotten = has_crashes && weather != Weather::Calm;
        let is_excused = is_crowded || is_patience_tried || is_forgotten;
        let talk_max = if is_excused { TALK_SHORT } else { TALK_LONG };
        let trunk = |index| trunk(index, (wire, talk_max), &mut dice);
        let trunks: Vec<Trunk> = (0..count).map(trunk).collect();
        let mut visits: Vec<Visit> = (0..dice.between(4, 24))
            .map(|_| Visit::draw(daemons.len(), &daemons, &mut dice))
            .collect();
        if has_crashes {
            return Self::with_crashes(weather, (daemons, trunks, outages), visits, seed);
        }
        let reloads = Reload::draw(&daemons, trunks.len(), &mut Dice::new(seed, 4));
        let (more, rings) = rings::draw(visits.len(), &daemons, &mut callers);
        visits.extend(more);
        Self { weather, daemons, trunks, outages, reloads, visits, rings, crashes: None }
    }

    /// The same for daemons that have a journal and die: nobody rings them, and nobody has them
    /// read their configuration again, or stop.
    fn with_crashes(
        weather: Weather,
        (mut daemons, trunks, outages): (Vec<Daemon>, Vec<Trunk>, Vec<Outage>),
        visits: Vec<Visit>,
        seed: u64,
    ) -> Self {
        let crashes = Some(Crashes::draw(&daemons, &visits, &mut Dice::new(seed, 10)));
        daemons.iter_mut().for_each(|daemon| daemon.drains_at = None);
        let (reloads, rings) = (vec![], vec![]);
        Self { weather, daemons, trunks, outages, reloads, visits, rings, crashes }
    }

    /// Whether nothing but the phones themselves stands between a plan and its ring.
    pub(crate) fn is_calm(&self) -> bool {
        self.weather == Weather::Calm && self.outages.is_empty()
    }
}

fn trunk(index: u32, (wire, talk_max): (lab::Wire, Duration), dice: &mut Dice) -> Trunk {
    let address: SocketAddr = ([198, 51, 100, 1 + index as u8], 5060).into();
    let format = dice.one_of(&[0, 1, 2]);
    let number_format = || match format {
        0 => NumberFormat::PlusE164,
        1 => NumberFormat::E164,
        _ => NumberFormat::InternationalPrefix("00".into()),
    };
    let t1 = dice.one_of(&[250, 500, 500, 500]);
    let profile = Profile {
        name: format!("trunk-{index}").into(),
        address,
        sources: vec![address.ip().into()],
        strict_source: dice.chance(80),
        caller_id: CallerId {
            header: dice.one_of(&[CallerIdHeader::From, CallerIdHeader::PAssertedIdentity]),
            format: number_format(),
        },
        dialled: Dialled { format: number_format(), tech_prefix: "".into(), user_phone: false },
        domain: None,
        from_domain: None,
        caller: CallerPolicy { plan: dice.chance(50).then(home), ..CallerPolicy::default() },
        privacy: None,
        ring: dice.millis(1_000, 8_000),
        ringing: dice.one_of(&[Ringing::Early, Ringing::Only180]),
        assume_ringing_after: dice.chance(20).then(|| dice.millis(2_000, 6_000)),
        no_ringing_after: dice.millis(8_000, 25_000),
        options_interval: dice.chance(50).then(|| dice.millis(10_000, 30_000)),
        t1: Duration::from_millis(t1),
        calls_per_second: dice.one_of(&[1, 5, 50, 500]),
        in_flight_max: dice.one_of(&[1, 3, 10, 100]),
        missed_calls_per_second: dice.one_of(&[2, 1_000, 1_000, 1_000]),
    };
    let settings = lab::Settings {
        trying_after: dice.millis(0, 150),
        post_dial_delay: dice.millis(50, 2_000),
        post_dial_jitter: dice.millis(0, 1_000),
        wire,
        rules: RULES.iter().map(|rule| rule.parse().expect("a rule")).collect(),
        talk_max,
        ..lab::Settings::new(address)
    };
    Trunk { profile, settings }
}

/// Sweden, where all phones of a world are.
fn home() -> NationalPlan {
    NationalPlan {
        country_code: "46".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    }
}

fn daemon(trunks: usize, inbound: Inbound, dice: &mut Dice) -> Daemon {
    let pool = |name: &str, numbers: &str| PoolSettings {
        name: name.into(),
        numbers: vec![numbers.parse().expect("a range")],
    };
    let pools = vec![pool("wide", "+46876500[000-999]"), pool("narrow", "+4687651000[0-7]")];
    let route = |dice: &mut Dice| {
        let mut route = dice.shuffled((0..trunks as u16).collect());
        route.truncate(dice.between(1, trunks as u32) as usize);
        route
    };
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let phone = Limit { count: dice.one_of(&[2, 3, 20]), window: minutes(10) };
    let prefix = Limit { count: 1_000, window: minutes(10) };
    let expires_in = dice.millis(30_000, 180_000);
    let is_small = dice.chance(15);
    let settings = Settings {
        pools,
        dids: inbound.dids.iter().map(|did| did.number).collect(),
        missed_calls: inbound.rules,
        shards: dice.between(1, 2) as u16,
        attempts: dice.between(1, 5) as u8,
        calls: dice.between(1, 4) as u8,
        expires_in,
        expires_in_max: minutes(10),
        keep_ended: dice.millis(10_000, 120_000),
        reuse_window: dice.millis(5_000, 300_000),
        max_guess_odds: 1.0,
        limits: Limits { phone: vec![phone], prefix: vec![prefix], ..Limits::default() },
        bounds: match is_small {
            true => Bounds { pending_max: 2, ended_max: 2, phones_max: 3, prefixes_max: 2 },
            false => Bounds { pending_max: 64, ended_max: 16, phones_max: 64, prefixes_max: 64 },
        },
        ..Settings::default()
    };
    Daemon {
        settings,
        inbound,
        routes: vec![route(dice), route(dice)],
        transactions_max: if is_small { dice.between(2, 6) as usize } else { ROOMY },
        queue_max: if is_small { 1 } else { 16 },
        command_delay_ms: dice.one_of(&[0, 0, 3, 30]),
        drains_at: dice.chance(20).then(|| dice.millis(5_000, 70_000)),
    }
}

fn outage(trunks: u32, lasts_ms: u32, dice: &mut Dice) -> Outage {
    let from = dice.millis(0, 60_000);
    Outage {
        trunk: dice.between(0, trunks - 1) as usize,
        from,
        until: from + dice.millis(100, lasts_ms),
        kind: dice.one_of(&[OutageKind::Refused, OutageKind::Restarted, OutageKind::Unplugged]),
    }
}

/// Of so many worlds one has daemons that die.
pub(crate) const CRASHES_EACH: u64 = 10;
/// Refusals that the default table of the phones leaves out.
const RULES: [&str; 3] = ["33=refuses:403", "34=refuses:410", "35=refuses:488"];
/// Longer than any world lasts.
const TALK_LONG: Duration = Duration::from_secs(24 * 60 * 60);
const TALK_SHORT: Duration = Duration::from_secs(60);
/// Short enough for CANCEL and BYE, with a T1 of 250 ms, to be sent a few times afterwards.
const OUTAGE_SHORT_MS: u32 = 4_000;
/// Longer than 64*T1 with that T1.
const OUTAGE_LONG_MS: u32 = 30_000;
/// Room for every call of a world.
const ROOMY: usize = 64;
