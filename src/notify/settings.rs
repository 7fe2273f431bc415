//! What an operator may choose: who is told of what, and how far a message may go. Checked before it
//! gets here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::event::{Pattern, is_final};
use super::guard::Allowed;
use super::literal::literal;
use super::message::Endpoint;
use super::secret::Secret;
use super::target::{Target, UrlError};

/// All of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// `[[webhook]]`, each name once.
    pub endpoints: Vec<EndpointSettings>,
    /// `[callbacks]`; `None`: clients may give no `callback_url`.
    pub callbacks: Option<Callbacks>,
    /// Whose certificates are believed.
    pub trust: Trust,
}

/// One `[[webhook]]`.
#[derive(Clone, Eq, PartialEq)]
pub struct EndpointSettings {
    /// Its name in messages' rows, metrics and logs.
    pub name: Arc<str>,
    /// Where it is told. May hold a key, so it is not shown.
    pub url: Arc<str>,
    /// What it is told of.
    pub events: Vec<Pattern>,
    /// How.
    pub reach: Reach,
}

/// `[callbacks]`: the `callback_url` of single verifications, which are told of its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Callbacks {
    /// Hosts that a URL may have; empty: any.
    pub hosts: Vec<HostPattern>,
    /// How they are told.
    pub reach: Reach,
}

/// How receivers are told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reach {
    /// What messages are signed with: the present secret, then the previous one. Never empty.
    pub secrets: Vec<Secret>,
    /// Messages under way at once: to the endpoint, or to each host of callbacks.
    pub concurrency: usize,
    /// How long one try may take, from the look-up of the name to the head of the reply.
    pub timeout: Duration,
    /// Which addresses may be connected to beside public ones.
    pub allowed: Allowed,
    /// Whether messages may go unencrypted.
    pub allow_http: bool,
}

/// A host, or all below a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HostPattern {
    /// `*.example.com`, kept as `.example.com`: not `example.com` itself.
    Below(Box<str>),
    /// `hooks.example.com`
    One(Box<str>),
}

/// Whose certificates are believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Trust {
    /// Those whom the machine trusts.
    #[default]
    System,
    /// These alone.
    Only(Vec<CertificateDer<'static>>),
}

impl Settings {
    /// Who is told of the event `name`; `callback` is the URL of the verification that it is about.
    pub fn endpoints_for(&self, name: &str, callback: Option<&Arc<str>>) -> Vec<Endpoint> {
        let wanting = self.endpoints.iter().filter(|endpoint| endpoint.wants(name));
        let named = wanting.map(|endpoint| Endpoint::Named(endpoint.name.clone()));
        let callback = callback.filter(|_| self.callbacks.is_some() && is_final(name));
        named.chain(callback.cloned().map(Endpoint::Url)).collect()
    }
}

impl EndpointSettings {
    /// Whether it is told of the event `name`.
    pub fn wants(&self, name: &str) -> bool {
        self.events.iter().any(|pattern| pattern.matches(name))
    }
}

impl fmt::Debug for EndpointSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointSettings")
            .field("name", &self.name)
            .field("host", &Target::parse(&self.url).map(|target| target.host))
            .field("events", &self.events)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

impl Callbacks {
    /// Whether a client may give `url`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words for the client.
    pub fn check(&self, url: &str) -> Result<(), UrlError> {
        let target = self.reach.checked(url)?;
        if HostPattern::any(&self.hosts, &target.host) { Ok(()) } else { Err(UrlError::Host) }
    }
}

impl Reach {
    /// Whether `url` may be posted to. What a name leads to is looked at when it is connected to; an
    /// address can be refused before.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self, url: &str) -> Result<(), UrlError> {
        self.checked(url).map(drop)
    }

    fn checked(&self, url: &str) -> Result<Target, UrlError> {
        let target = self.target(url)?;
        match literal(&target.host) {
            Some(address) if !self.allowed.lets(address) => Err(UrlError::NotPublic),
            Some(_) | None => Ok(target),
        }
    }

    pub(super) fn target(&self, url: &str) -> Result<Target, UrlError> {
        let target = Target::parse(url).map_err(|mut error| {
            if let UrlError::Scheme { allow_http, .. } = &mut error {
                *allow_http = self.allow_http;
            }
            error
        })?;
        match target.is_encrypted || self.allow_http {
            true => Ok(target),
            false => Err(UrlError::Plain),
        }
    }
}

impl HostPattern {
    /// Reads `hooks.example.com` or `*.example.com`; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_below, host) = match text.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, text),
        };
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:".contains(&octet);
        let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
        if !host.bytes().all(fits) || (host.contains(':') && !is_address) {
            return None;
        }
        let bracketed = if is_address { format!("[{host}]") } else { host.to_owned() };
        let target = Target::parse(&format!("https://{bracketed}/")).ok()?;
        Some(match is_below {
            true => Self::Below(format!(".{}", target.host).into()),
            false => Self::One((&*target.host).into()),
        })
    }

    /// Whether one of them means `host`; where there is none, any host is meant.
    pub(super) fn any(patterns: &[Self], host: &str) -> bool {
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(host))
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Below(domain) => host.ends_with(&**domain),
            Self::One(one) => *host == **one,
        }
    }
}

/// Endpoints of the configuration; the desk looks at each of them when anything happens.
pub const ENDPOINTS_MAX: usize = 64;
