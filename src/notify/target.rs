//! Where a message may be posted to: `http` or `https`, a host, a path. What the host resolves to is
//! looked at later, by `guard`.

use std::sync::Arc;

use hyper::Uri;

/// Why a URL cannot be posted to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// It holds what no URL does: a space, a line break, a letter that is not ASCII.
    #[error(
        "it holds {0:?}, must be plain ASCII: in a host's name as `xn--…`, elsewhere as `%` and two \
         digits for each octet"
    )]
    Character(char),
    /// It carries a user name or a password.
    #[error("it has a user name or a password, which end up in logs")]
    Credentials,
    /// There is none.
    #[error("it is empty, must be a URL such as `https://host/path`")]
    Empty,
    /// It names a place in a document.
    #[error("it has a fragment (`#…`), which is never sent")]
    Fragment,
    /// It has no scheme, or no host, or is no URL.
    #[error("it is not of the form `https://host/path`")]
    Form,
    /// The host is not among those that are allowed.
    #[error("its host is not among those that are allowed")]
    Host,
    /// It is too long.
    #[error("it is longer than {URL_BYTES_MAX} bytes")]
    Length,
    /// Its host is an address that may not be connected to.
    #[error(
        "it names an address that is not one of the public Internet, which is not allowed here"
    )]
    NotPublic,
    /// It is not encrypted, and need be.
    #[error("its scheme is `http`, must be `https` here")]
    Plain,
    /// Its port is none.
    #[error("its port is `{0}`, must be between 1 and 65535, or left out with its colon")]
    Port(Box<str>),
    /// It is of another kind.
    #[error("its scheme is `{found}`, must be `https`{}", if *.allow_http { " or `http`" } else { "" })]
    Scheme {
        /// What it is.
        found: Box<str>,
        /// Whether it may be `http`, too.
        allow_http: bool,
    },
}

/// A URL that can be posted to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) uri: Uri,
    /// Small letters, no brackets, no dot at the end.
    pub(super) host: Arc<str>,
    pub(super) is_encrypted: bool,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        if url.len() > URL_BYTES_MAX {
            return Err(UrlError::Length);
        }
        if url.is_empty() {
            return Err(UrlError::Empty);
        }
        // `Uri` takes other letters behind the host, and would send them raw.
        if let Some(odd) = url.chars().find(|it| !it.is_ascii_graphic()) {
            return Err(UrlError::Character(odd));
        }
        // `Uri` would drop it silently.
        if url.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = url.parse().map_err(|_| UrlError::Form)?;
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(other) => {
                return Err(UrlError::Scheme { found: other.into(), allow_http: false });
            }
            None => return Err(UrlError::Form),
        };
        let authority = uri.authority().ok_or(UrlError::Form)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Credentials);
        }
        let host = plain_host(authority.host());
        if host.is_empty() {
            return Err(UrlError::Form);
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        // An empty port, or one above 65535, is read as none.
        if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            let port = port.trim_start_matches(':');
            // What is no number may be a password in the wrong place.
            let is_number = port.bytes().all(|octet| octet.is_ascii_digit());
            return Err(if is_number { UrlError::Port(port.into()) } else { UrlError::Form });
        }
        Ok(Self { host: host.into(), is_encrypted, uri })
    }
}

/// Whether a client may give `url` to be called back at. Its address is looked at when it is
/// connected to.
///
/// # Errors
///
/// What is wrong with it, in words for the client. `allow_http` and the allowed hosts are asked by
/// [`Callbacks::check`](super::Callbacks::check).
pub fn check_url(url: &str) -> Result<(), UrlError> {
    Target::parse(url).map(drop)
}

/// Small letters, no brackets around an IPv6 address, no dot at the end.
pub(super) fn plain_host(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

/// What every server and proxy carries.
pub const URL_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w05_only_plain_urls_of_the_web_are_targets() {
        for (url, host) in [
            ("https://example.com", "example.com"),
            ("https://Example.com.:8443/a?b=c", "example.com"),
            ("http://[::1]:80/", "::1"),
            ("https://2130706433/", "2130706433"),
        ] {
            assert_eq!(Target::parse(url).map(|target| target.host.to_string()), Ok(host.into()));
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX));
        let port = |port: &str| UrlError::Port(port.into());
        let scheme = |found: &str| UrlError::Scheme { found: found.into(), allow_http: false };
        for (url, error) in [
            ("https://user:password@example.com/", UrlError::Credentials),
            ("https://example.com@127.0.0.1/", UrlError::Credentials),
            ("https://example.com/#a", UrlError::Fragment),
            ("unix:/run/docker.sock", UrlError::Form),
            ("file:///etc/passwd", UrlError::Form),
            ("ftp://example.com/", scheme("ftp")),
            ("gopher://example.com/", scheme("gopher")),
            ("//example.com/", UrlError::Form),
            ("/path", UrlError::Form),
            ("", UrlError::Empty),
            ("https://", UrlError::Form),
            ("https://:443/", UrlError::Form),
            ("https://example.com:/", port("")),
            ("https://example.com:0/", port("0")),
            ("https://example.com:65536/", port("65536")),
            ("https://example.com:99999", port("99999")),
            ("https://[::1]:0/", port("0")),
            ("https://example.com:hunter2/", UrlError::Form),
            ("https://exämple.com/", UrlError::Character('ä')),
            ("https://example.com/ü", UrlError::Character('ü')),
            ("https://example.com/?a=\u{20ac}", UrlError::Character('€')),
            ("https://example.com/a b", UrlError::Character(' ')),
            ("https://example.com/\r\nx: y", UrlError::Character('\r')),
            (&long, UrlError::Length),
        ] {
            assert_eq!(check_url(url), Err(error), "{url}");
        }
    }
}
