//! Where a message may be posted to: `http` or `https`, a host, a path. What the host resolves to is
//! looked at later, by `guard`.

use std::sync::Arc;

use hyper::Uri;

/// Why a URL cannot be posted to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// It carries a user name or a password.
    #[error("it has a user name or a password, which end up in logs")]
    Credentials,
    /// It names a place in a document.
    #[error("it has a fragment (`#…`), which is never sent")]
    Fragment,
    /// It is of another kind, has no host, or holds what a URL cannot.
    #[error("it is not `https://host/path` in plain ASCII (names in other letters as `xn--…`)")]
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
    #[error("it is `http`, which is not allowed here")]
    Plain,
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
        // `Uri` would drop it silently.
        if url.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = url.parse().map_err(|_| UrlError::Form)?;
        let is_encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(UrlError::Form),
        };
        let authority = uri.authority().ok_or(UrlError::Form)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Credentials);
        }
        // An empty port, or one above 65535, is read as none.
        let is_odd = authority.port().is_none() && authority.as_str() != authority.host();
        let host = plain_host(authority.host());
        if is_odd || host.is_empty() || authority.port_u16() == Some(0) {
            return Err(UrlError::Form);
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
        for (url, error) in [
            ("https://user:password@example.com/", UrlError::Credentials),
            ("https://example.com@127.0.0.1/", UrlError::Credentials),
            ("https://example.com/#a", UrlError::Fragment),
            ("unix:/run/docker.sock", UrlError::Form),
            ("file:///etc/passwd", UrlError::Form),
            ("gopher://example.com/", UrlError::Form),
            ("//example.com/", UrlError::Form),
            ("/path", UrlError::Form),
            ("", UrlError::Form),
            ("https://", UrlError::Form),
            ("https://:443/", UrlError::Form),
            ("https://example.com:/", UrlError::Form),
            ("https://example.com:0/", UrlError::Form),
            ("https://example.com:65536/", UrlError::Form),
            ("https://exämple.com/", UrlError::Form),
            ("https://example.com/a b", UrlError::Form),
            ("https://example.com/\r\nx: y", UrlError::Form),
            (&long, UrlError::Length),
        ] {
            assert_eq!(check_url(url), Err(error), "{url}");
        }
    }
}
