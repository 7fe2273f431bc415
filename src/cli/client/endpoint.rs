//! Where the daemon is.

use std::fmt;
use std::path::{Path, PathBuf};

use hyper::Uri;

/// Where the daemon is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// Behind a Unix socket.
    Socket(PathBuf),
    /// On TCP: host and port.
    Tcp(String),
}

/// Why a daemon cannot even be looked for.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing was said, and nothing is there.
    #[error("no control socket: neither {HERE} in this directory nor {SYSTEM} exists")]
    NoSocket,
    /// Not an address of the API.
    #[error("`{found}` is not an address of the API; `http://HOST:PORT` is")]
    Url {
        /// What was found.
        found: String,
    },
}

impl Endpoint {
    /// The place that was named, else the first default socket that `exists`.
    ///
    /// # Errors
    ///
    /// A URL that cannot be used, or no socket anywhere.
    pub fn choose(
        socket: Option<&Path>,
        url: Option<&str>,
        exists: impl Fn(&Path) -> bool,
    ) -> Result<Self, EndpointError> {
        if let (None, Some(url)) = (socket, url) {
            return Self::parse_url(url);
        }
        let defaults = || [HERE, SYSTEM].map(Path::new).into_iter().find(|path| exists(path));
        let socket = socket.or_else(defaults).ok_or(EndpointError::NoSocket)?;
        Ok(Self::Socket(socket.to_owned()))
    }

    /// What the `Host` header says.
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Socket(_) => "localhost",
            Self::Tcp(authority) => authority,
        }
    }

    fn parse_url(url: &str) -> Result<Self, EndpointError> {
        let refused = || EndpointError::Url { found: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let is_root = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) if is_root && !authority.as_str().contains('@') => {
                let port = authority.port_u16().unwrap_or(80);
                Ok(Self::Tcp(format!("{}:{port}", authority.host())))
            }
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Tcp(authority) => write!(f, "http://{authority}"),
        }
    }
}

/// Where a daemon that was started by hand has its socket.
const HERE: &str = "ringproof.sock";
/// Where the packaged daemon has it.
const SYSTEM: &str = "/run/ringproof/control.sock";

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(socket: Option<&str>, url: Option<&str>, there: &[&str]) -> String {
        let exists = |path: &Path| there.iter().any(|known| path == Path::new(known));
        match Endpoint::choose(socket.map(Path::new), url, exists) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_nearest_socket_is_the_default() {
        assert_eq!(choose(None, None, &[HERE, SYSTEM]), "ringproof.sock");
        assert_eq!(choose(None, None, &[SYSTEM]), "/run/ringproof/control.sock");
        assert_eq!(choose(Some("/tmp/other"), None, &[HERE]), "/tmp/other");
        let nowhere = "no control socket: neither ringproof.sock in this directory nor \
                       /run/ringproof/control.sock exists";
        assert_eq!(choose(None, None, &[]), nowhere);
    }

    #[test]
    fn an_address_is_plain_http_and_nothing_more() {
        assert_eq!(choose(None, Some("http://127.0.0.1:8580"), &[]), "http://127.0.0.1:8580");
        assert_eq!(choose(None, Some("http://[::1]:8580/"), &[]), "http://[::1]:8580");
        assert_eq!(choose(None, Some("http://gateway"), &[]), "http://gateway:80");
        for url in
            ["https://gateway", "gateway:80", "http://a/b", "http://u:p@gateway", "", "ftp://a"]
        {
            let refused = format!("`{url}` is not an address of the API; `http://HOST:PORT` is");
            assert_eq!(choose(None, Some(url), &[]), refused);
        }
    }
}
