//! The number in a URI, as a trunk writes it.

use super::{BareDigits, CallerPolicy};
use crate::number::E164;
use crate::sip::Host;
use crate::sip::uri::{Scheme, Uri, unescaped};

/// `anonymous@anonymous.invalid` (RFC 3323 §4.1.1.3) and the words that networks use for it.
pub(super) fn is_anonymous(uri: &Uri<'_>) -> bool {
    let words: [&[u8]; 4] = [b"anonymous", b"private", b"restricted", b"unavailable"];
    let user = uri.phone().unwrap_or_default();
    let is_word = words.iter().any(|word| user.eq_ignore_ascii_case(word));
    let is_host = |name: &[u8]| name.eq_ignore_ascii_case(b"anonymous.invalid");
    is_word || matches!(uri.host, Some(Host::Name(name)) if is_host(name))
}

/// The number in a `sip`, `sips` or `tel` URI; `None` when it could be more than one phone's.
pub(super) fn read(policy: &CallerPolicy, uri: &Uri<'_>) -> Option<E164> {
    let digits = Digits::read(uri.phone()?)?;
    match context(uri) {
        _ if digits.is_global => international("", digits.as_str()),
        // RFC 3966 §5.1.5: digits of a private plan, or to be dialled in a place that the trunk names.
        Some(context) => in_context(policy, Digits::read(context)?, digits.as_str()),
        None => dialled(policy, digits.as_str()),
    }
}

/// `;phone-context=`, which in a SIP URI is a parameter of the user part (RFC 3261 §19.1.6). Some switches
/// write it behind the host; there it says no less that the digits are not to be read as they stand.
fn context<'a>(uri: &Uri<'a>) -> Option<&'a [u8]> {
    let of_uri = uri.param("phone-context");
    if uri.scheme == Scheme::Tel {
        return of_uri;
    }
    let mut parameters = uri.user?.split(|&octet| octet == b';').skip(1);
    let of_user = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_at_checked("phone-context=".len())?;
        name.eq_ignore_ascii_case(b"phone-context=").then_some(value)
    });
    of_user.or(of_uri)
}

/// Digits that are dialled where numbers begin with `context`. Only a country code says how.
fn in_context(policy: &CallerPolicy, context: Digits, digits: &str) -> Option<E164> {
    let plan = policy.plan.as_ref()?;
    let is_home = context.is_global && context.as_str() == &*plan.country_code;
    is_home.then(|| national(policy, digits))?
}

/// Digits without `+` and without a context.
fn dialled(policy: &CallerPolicy, digits: &str) -> Option<E164> {
    let plan = policy.plan.as_ref();
    let abroad = plan.map(|plan| &*plan.international_prefix).filter(|prefix| !prefix.is_empty());
    if let Some(number) = abroad.and_then(|prefix| digits.strip_prefix(prefix)) {
        return international("", number);
    }
    match policy.bare {
        // No country code begins with a zero, so this can only be a number as it is dialled at home.
        BareDigits::International if digits.starts_with('0') => national(policy, digits),
        BareDigits::International => international("", digits),
        BareDigits::National => national(policy, digits),
    }
}

/// A number of the trunk's country, with or without what is dialled before it at home.
fn national(policy: &CallerPolicy, digits: &str) -> Option<E164> {
    let plan = policy.plan.as_ref()?;
    let bare = digits.strip_prefix(&*plan.national_prefix).unwrap_or(digits);
    international(&plan.country_code, bare)
}

/// On the stack: this is asked of every INVITE of a flood.
fn international(code: &str, digits: &str) -> Option<E164> {
    let mut text = [b'+'; 1 + LENGTH_MAX];
    let end = 1 + code.len() + digits.len();
    text.get_mut(1..=code.len())?.copy_from_slice(code.as_bytes());
    text.get_mut(1 + code.len()..end)?.copy_from_slice(digits.as_bytes());
    E164::parse(std::str::from_utf8(&text[..end]).ok()?).ok()
}

/// ASCII digits without their decoration.
struct Digits {
    bytes: [u8; LENGTH_MAX],
    length: usize,
    is_global: bool,
}

impl Digits {
    /// `None` for anything that is no digit, `+` or visual separator (RFC 3966 §3), and for more
    /// digits than any form of a number has.
    fn read(text: &[u8]) -> Option<Self> {
        let mut digits = Self { bytes: [0; LENGTH_MAX], length: 0, is_global: false };
        for (place, octet) in unescaped(text).enumerate() {
            match octet {
                b'+' if place == 0 => digits.is_global = true,
                b'-' | b'.' | b'(' | b')' => {}
                b'0'..=b'9' => {
                    *digits.bytes.get_mut(digits.length)? = octet;
                    digits.length += 1;
                }
                _ => return None,
            }
        }
        Some(digits)
    }

    fn as_str(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// An international prefix of up to five digits before the fifteen of E.164.
const LENGTH_MAX: usize = 20;
