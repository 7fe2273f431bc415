//! Who is calling: which header field of an INVITE a trunk vouches for, and whose number is in it.
//!
//! Exact or nothing: a number that could be two phones is nobody's, because a verification would
//! believe it. The best field that is there decides alone: a trunk that asserts an identity which
//! cannot be used does not mean the one that the caller wrote into From.
//!
//! Deliberately absent: display names, which are the caller's own words, and numbering plans.

mod number;

use crate::evidence::{IdentityHeader, Unknown};
use crate::number::E164;
use crate::sip::uri::{Scheme, Uri};
use crate::sip::{Message, Name, NameAddr, Start};

use super::profile::NationalPlan;

/// What a trunk says of callers, and how it writes their numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallerPolicy {
    /// The header fields that count, the best first. Those that are not listed are ignored: an
    /// identity that the trunk does not vouch for is the caller's claim.
    pub headers: Vec<IdentityHeader>,
    /// How numbers are dialled in the trunk's country; without it only international forms count.
    pub plan: Option<NationalPlan>,
    /// What digits without any prefix are.
    pub bare: BareDigits,
    /// Where the number that was rung stands.
    pub called: CalledIn,
    /// How many Via values an INVITE may have for its call to prove anything, 1 at least. A trunk that is
    /// a proxy passes what belongs to no transaction of its own on by the next Via (RFC 3261 §16.7), so
    /// that a forger who wrote it gets our response, and our tag in it.
    pub vias_max: u8,
}

/// What digits are that have neither `+` nor a prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BareDigits {
    /// A number of any country: `46701234567`.
    International,
    /// A number of the trunk's country without its prefix: `701234567`.
    National,
}

/// Where the number stands that a caller has rung.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CalledIn {
    /// In the Request-URI.
    RequestUri,
    /// In To: of trunks that write the account that we registered into the Request-URI.
    To,
}

/// Who is calling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Caller {
    /// The number, or why there is none.
    pub number: Result<E164, Unknown>,
    /// Where it was read; `None` when none of the fields that count is there.
    pub header: Option<IdentityHeader>,
    /// From has another number: usual behind a switchboard, and a sign of a forged caller ID.
    pub is_disputed: bool,
    /// The call came by way of another phone (Diversion of RFC 5806, History-Info of RFC 7044, or a
    /// `div` PASSporT of RFC 8946): who rang is not who holds the phone that was dialled.
    pub is_forwarded: bool,
    /// The INVITE has more Via values than the trunk's may have: what we answer may be passed on, and so
    /// comes back from whoever wrote them.
    pub is_relayed: bool,
}

impl Default for CallerPolicy {
    /// A trunk that asserts identities and screens From where it asserts none, and writes numbers in
    /// their international form.
    fn default() -> Self {
        Self {
            headers: vec![IdentityHeader::PAssertedIdentity, IdentityHeader::From],
            plan: None,
            bare: BareDigits::International,
            called: CalledIn::RequestUri,
            vias_max: 1,
        }
    }
}

impl CallerPolicy {
    /// Reads who sent `invite`.
    pub fn identify(&self, invite: &Message<'_>) -> Caller {
        let found = self.headers.iter().find_map(|&header| {
            let number = match header {
                IdentityHeader::From => Some(self.of_address(invite.from().ok()?)),
                IdentityHeader::PAssertedIdentity => self.asserted(invite),
                IdentityHeader::RemotePartyId => self.remote_party(invite),
            };
            number.map(|number| (header, number))
        });
        let (header, number) = found.map_or((None, Err(Unknown::Missing)), |(header, number)| {
            let is_hidden = number.is_ok() && is_private(invite);
            (Some(header), if is_hidden { Err(Unknown::Anonymous) } else { number })
        });
        let from = invite.from().ok().and_then(|from| self.of_address(from).ok());
        let is_disputed = number.is_ok_and(|number| from.is_some_and(|from| from != number));
        let is_relayed = invite.values(Name::Via).count() > usize::from(self.vias_max);
        Caller { number, header, is_disputed, is_forwarded: is_forwarded(invite), is_relayed }
    }

    /// The number that `invite` rings; `None` when it is none that can only be one phone's.
    pub fn called(&self, invite: &Message<'_>) -> Option<E164> {
        let uri = match self.called {
            CalledIn::RequestUri => match invite.start() {
                Start::Request(line) => Uri::parse(line.uri).ok()?,
                Start::Response(_) => return None,
            },
            CalledIn::To => invite.to().ok()?.parsed_uri().ok()?,
        };
        number::read(self, &uri)
    }

    /// RFC 3325 §9.1: one value, or a `sip` and a `tel` URI of the same phone.
    fn asserted(&self, invite: &Message<'_>) -> Option<Result<E164, Unknown>> {
        let mut values = invite.values(Name::PAssertedIdentity);
        let first = self.of_value(values.next()?);
        let Some(second) = values.next() else { return Some(first) };
        let second = self.of_value(second);
        if values.next().is_some() || (first.is_ok() && second.is_ok() && first != second) {
            return Some(Err(Unknown::Disagreeing));
        }
        Some(first.or(second))
    }

    /// The one whose `party` is the calling one; several only if they are the same phone.
    fn remote_party(&self, invite: &Message<'_>) -> Option<Result<E164, Unknown>> {
        let parties = invite.values(Name::RemotePartyId).map(NameAddr::parse);
        let mut calling = parties.filter_map(|party| match party {
            Err(_) => Some(Err(Unknown::Unreadable)),
            Ok(party) => {
                let of = party.param("party");
                (of.is_none() || is_word(of, "calling")).then(|| self.of_party(party))
            }
        });
        let first = calling.next()?;
        let is_one = calling.all(|other| other == first);
        Some(if is_one { first } else { Err(Unknown::Disagreeing) })
    }

    /// `privacy` is the field's own way to say what Privacy says.
    fn of_party(&self, party: NameAddr<'_>) -> Result<E164, Unknown> {
        let privacy = party.param("privacy");
        if privacy.is_some() && !is_word(privacy, "off") && !is_word(privacy, "name") {
            Err(Unknown::Anonymous)
        } else if is_word(party.param("screen"), "yes") {
            self.of_address(party)
        } else {
            Err(Unknown::Unscreened)
        }
    }

    fn of_value(&self, value: &[u8]) -> Result<E164, Unknown> {
        self.of_address(NameAddr::parse(value).map_err(|_| Unknown::Unreadable)?)
    }

    fn of_address(&self, address: NameAddr<'_>) -> Result<E164, Unknown> {
        let uri = address.parsed_uri().map_err(|_| Unknown::Unreadable)?;
        if number::is_anonymous(&uri) {
            return Err(Unknown::Anonymous);
        }
        let is_telephone = matches!(uri.scheme, Scheme::Sip | Scheme::Sips | Scheme::Tel);
        let number = if is_telephone { number::read(self, &uri) } else { None };
        number.ok_or(Unknown::Unreadable)
    }
}

/// Whether a parameter is there and has this value.
fn is_word(value: Option<&[u8]>, word: &str) -> bool {
    value.is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

/// RFC 3323 §4.2 and RFC 3325 §9.3: `id`, `user` and `header` hide who is calling. `session`,
/// `history` and `critical` hide other things, `none` nothing.
fn is_private(invite: &Message<'_>) -> bool {
    let hiding: [&[u8]; 3] = [b"header", b"id", b"user"];
    let mut wishes = invite.header(Name::Privacy).flat_map(|line| line.split(|&c| c == b';'));
    wishes.any(|wish| hiding.iter().any(|hides| wish.trim_ascii().eq_ignore_ascii_case(hides)))
}

fn is_forwarded(invite: &Message<'_>) -> bool {
    let mut passports = invite.values(Name::Identity);
    invite.header(Name::Diversion).next().is_some()
        || is_retargeted(invite)
        // RFC 8224 §4: `signed-identity-digest SEMI ident-info *( SEMI ident-info-params )`.
        || passports.any(|passport| passport.split(|&octet| octet == b';').skip(1).any(is_ppt_div))
}

/// RFC 7044 §10.3: the first entry is the original target; more entries are retargetings.
fn is_retargeted(invite: &Message<'_>) -> bool {
    invite.values(Name::HistoryInfo).nth(1).is_some()
}

/// `ppt=div`, or `div-o` (RFC 8946 §5).
fn is_ppt_div(parameter: &[u8]) -> bool {
    let mut halves = parameter.splitn(2, |&octet| octet == b'=').map(<[u8]>::trim_ascii);
    let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let value = value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(value);
    name.eq_ignore_ascii_case(b"ppt") && (value == b"div" || value == b"div-o")
}

#[cfg(test)]
mod tests;
