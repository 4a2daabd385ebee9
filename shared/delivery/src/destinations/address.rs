//! What the settings may name as a host.

use event::settings::Problem;
use url::{Host, Url};

/// The URL of a setting that replaces a host: `https`, or `http` to a loopback address; nothing but scheme, host and port.
///
/// # Errors
/// What is wrong with it, for the person who wrote it.
pub fn replacement(key: &str, text: &str) -> Result<Url, Problem> {
    let problem = |message: &str| Problem {
        key: key.to_owned(),
        message: message.to_owned(),
    };
    let url = Url::parse(text.trim())
        .map_err(|_| problem("is no URL; write it like \"https://proxy.example.com\""))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(problem("must hold no user name or password"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(problem(
            "must be scheme, host and port alone, without path, query or fragment",
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(problem(
            "must be https (http only to a loopback address, for tests)",
        )),
    }
}

/// Whether the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A base URL without the slash at its end.
pub fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_replace_a_host() {
        event::rules!["SEG-002", "SR-301", "RD-172"];
        for good in [
            "https://proxy.example.com",
            "https://proxy.example.com:8443/",
            "http://127.0.0.1:4000",
            "http://localhost:4000",
            "http://[::1]:4000",
            " https://a.b ",
        ] {
            assert!(replacement("segment.endpoint_url", good).is_ok(), "{good}");
        }
        for bad in [
            "proxy.example.com",
            "http://proxy.example.com",
            "http://10.0.0.1",
            "http://127.0.0.1.example.com",
            "https://user@proxy.example.com",
            "https://user:pw@proxy.example.com",
            "https://proxy.example.com/path",
            "https://proxy.example.com?x",
            "https://proxy.example.com#x",
            "ftp://127.0.0.1",
            "https://",
            "",
        ] {
            let problem = replacement("segment.endpoint_url", bad).unwrap_err();
            assert_eq!(problem.key, "segment.endpoint_url", "{bad}");
        }
    }
}
