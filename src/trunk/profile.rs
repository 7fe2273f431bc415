//! What is known of one trunk before the first call: the checked content of a file in
//! `sip-profiles/`, with the overrides of `[trunk.NAME]`.
//!
//! Plain data: `config` is the only place that makes one outside of tests, and has checked the
//! ranges that are stated here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::caller::CallerPolicy;

/// One SIP peer that carries calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// What the operator calls it: a word of the API and a metric label.
    pub name: Arc<str>,
    /// Where INVITEs go.
    pub address: SocketAddr,
    /// Where answers may come from. Never empty.
    pub sources: Vec<IpNet>,
    /// Whether answers from anywhere else are dropped. Without it they count when they match a
    /// transaction.
    pub strict_source: bool,
    /// How the caller ID is shown to the trunk.
    pub caller_id: CallerId,
    /// How the dialled number is written.
    pub dialled: Dialled,
    /// The host in the Request-URI and in To; the trunk's address when absent.
    pub domain: Option<Arc<str>>,
    /// The host in the From URI; the gateway's own address when absent.
    pub from_domain: Option<Arc<str>>,
    /// The Privacy header field; not sent when absent.
    pub privacy: Option<Privacy>,
    /// Whom calls from it are from, and which number they ring.
    pub caller: CallerPolicy,
    /// How long a phone rings before CANCEL. 1 s to 20 s.
    pub ring: Duration,
    /// What counts as ringing.
    pub ringing: Ringing,
    /// When a phone is taken to ring although the trunk only said 100, counted from the INVITE.
    pub assume_ringing_after: Option<Duration>,
    /// When a call on which nothing rings is given up, counted from the INVITE.
    pub no_ringing_after: Duration,
    /// How long the trunk may be quiet before it is asked with OPTIONS whether it is there; never
    /// when absent. A trunk that is down is asked in any case.
    pub options_interval: Option<Duration>,
    /// T1, the estimate of a round trip (RFC 3261 §17.1.1.1).
    pub t1: Duration,
    /// Calls that may be started in one second, by all shards together.
    pub calls_per_second: u32,
    /// Calls that may live at once, in all shards together.
    pub in_flight_max: u32,
    /// Calls from the trunk that are taken in one second, by all shards together.
    pub missed_calls_per_second: u32,
}

impl Profile {
    /// A trunk that the configuration does not have: nothing is known of it but its name and where it
    /// is. Enough to end what was begun there, and for nothing else.
    pub fn stand_in(name: Arc<str>, address: SocketAddr) -> Self {
        let (header, format) = (CallerIdHeader::From, NumberFormat::PlusE164);
        let dialled = Dialled { format: format.clone(), tech_prefix: "".into(), user_phone: false };
        Self {
            name,
            address,
            sources: vec![address.ip().into()],
            strict_source: true,
            caller_id: CallerId { header, format },
            dialled,
            domain: None,
            from_domain: None,
            privacy: None,
            caller: CallerPolicy::default(),
            ring: Duration::from_secs(1),
            ringing: Ringing::Only180,
            assume_ringing_after: None,
            no_ringing_after: Duration::from_secs(1),
            options_interval: None,
            t1: Duration::from_millis(500),
            calls_per_second: 1,
            in_flight_max: 1,
            missed_calls_per_second: 1,
        }
    }

    /// Whether a phone may be taken to ring before the trunk says 180, so that the ring time begins
    /// again when it does.
    pub fn may_guess_ringing(&self) -> bool {
        self.assume_ringing_after.is_some() || self.ringing == Ringing::Early
    }

    /// Whether an answer from `source` is this trunk's.
    pub fn accepts(&self, source: IpAddr) -> bool {
        !self.strict_source || self.sources.iter().any(|range| range.contains(&source))
    }
}

/// How the caller ID is shown to a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallerId {
    /// Which header fields carry it.
    pub header: CallerIdHeader,
    /// How it is written.
    pub format: NumberFormat,
}

/// Which header fields carry the caller ID. From always does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallerIdHeader {
    /// From alone.
    From,
    /// From and P-Asserted-Identity (RFC 3325 §9.1).
    PAssertedIdentity,
    /// From and Remote-Party-ID, which never became an RFC and which old switches still read.
    RemotePartyId,
}

/// What the Privacy header field asks of the trunk (RFC 3323 §4.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Privacy {
    /// `id`: the asserted identity is for the trunk alone (RFC 3325 §9.3). The phone then shows no
    /// number, or the one in From.
    Id,
    /// `none`: the number is to be shown, whatever the trunk does by default.
    Waived,
}

/// How the dialled number is written in the Request-URI and in To.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dialled {
    /// How its digits are written.
    pub format: NumberFormat,
    /// What stands before the digits, such as `9931#`: some carriers tell customers or routes apart
    /// by it.
    pub tech_prefix: Arc<str>,
    /// Whether the URI says `user=phone` (RFC 3261 §19.1.1).
    pub user_phone: bool,
}

/// How a number is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NumberFormat {
    /// `46701234567`
    E164,
    /// `0046701234567`, or `01146701234567`: the prefix, then country code and number.
    InternationalPrefix(Arc<str>),
    /// `0701234567` inside the trunk's country, with an international prefix elsewhere.
    National(NationalPlan),
    /// `+46701234567`
    PlusE164,
}

/// How numbers are dialled inside one country.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NationalPlan {
    /// The country code without `+`: `46`.
    pub country_code: Arc<str>,
    /// What replaces the country code: `0`, or nothing.
    pub national_prefix: Arc<str>,
    /// What stands before numbers of other countries: `00`, `011`.
    pub international_prefix: Arc<str>,
}

/// What counts as ringing on a trunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ringing {
    /// 180, or 183: for operators that send 183 with ringback audio and no 180.
    Early,
    /// 180 alone: for operators that send 183 for announcements, or before the phone alerts.
    Only180,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p29_answers_count_from_the_trunks_own_ranges() {
        let mut profile = crate::trunk::testing::profile("192.0.2.1:5060");
        profile.sources = vec!["192.0.2.0/28".parse().unwrap(), "2001:db8::/64".parse().unwrap()];
        let accepts = |profile: &Profile, text: &str| profile.accepts(text.parse().unwrap());
        assert!(accepts(&profile, "192.0.2.14"));
        assert!(accepts(&profile, "2001:db8::7"));
        assert!(!accepts(&profile, "192.0.2.16"));
        profile.strict_source = false;
        assert!(accepts(&profile, "198.51.100.1"));
    }
}
