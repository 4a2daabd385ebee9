//! What the settings may name as a host.

use event::settings::{Problem, Region};
use url::{Host, Url};

/// Scheme, host and port: what a setting says, or else the host of a region, United States first.
///
/// # Errors
/// What is wrong with the setting `key`.
pub(super) fn base_url(
    key: &str,
    setting: &str,
    region: Region,
    hosts: [&str; 2],
) -> Result<String, Problem> {
    if setting.trim().is_empty() {
        let [us, eu] = hosts;
        return Ok(match region {
            Region::Us => us,
            Region::Eu => eu,
        }
        .to_owned());
    }
    replacement(key, setting).map(|url| url.as_str().trim_end_matches('/').to_owned())
}

/// The URL of a setting that replaces a host: `https`, or `http` to a loopback address; nothing but scheme, host and port.
///
/// # Errors
/// What is wrong with it, for the person who wrote it.
fn replacement(key: &str, text: &str) -> Result<Url, Problem> {
    let checked = bare_url(text.trim()).and_then(|url| match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("must be https (http only to a loopback address, for tests)"),
    });
    checked.map_err(|wrong| Problem {
        key: key.to_owned(),
        message: format!("{wrong}; write it like \"https://proxy.example.com\""),
    })
}

/// A URL of scheme, host and port alone.
///
/// # Errors
/// What else it holds.
pub(super) fn bare_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err("must hold no user name or password");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("must be scheme, host and port alone, without path, query or fragment");
    }
    if has_odd_host(&url, text) {
        return Err(
            "must write its host as it is: no dot at its end, and this machine as 127.0.0.1, localhost or [::1]",
        );
    }
    Ok(url)
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether a host ends in a dot, which no list of hosts knows, or is this machine by another name than the documented ones: a
/// number, an abbreviation or a mapped address hides it from readers (RD-172).
fn has_odd_host(url: &Url, text: &str) -> bool {
    let written = authority(text).trim().to_ascii_lowercase();
    let written = url.port().map_or(written.as_str(), |port| {
        written.trim_end_matches(&format!(":{port}"))
    });
    let is_this_machine = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            let mapped = ip.to_ipv4_mapped();
            ip.is_loopback()
                || ip.is_unspecified()
                || mapped.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified())
        }
        Some(Host::Domain(name)) => name.trim_end_matches('.').ends_with("localhost"),
        None => false,
    };
    url.host_str().is_some_and(|host| host.ends_with('.')) || is_this_machine && !LOOPBACK.contains(&written)
}

/// The documented forms of this machine.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::Destination;
    use crate::destinations::{Branch, Segment};
    use event::settings::Settings;

    #[test]
    fn the_host_is_the_regions() {
        event::rules!["SEG-001", "SR-300"];
        let of = |region| {
            let table = format!("region = \"{region}\"");
            let settings = Settings::load(&format!("[branch]\n{table}\n[segment]\n{table}")).unwrap();
            let (branch, segment) = (Branch::new(&settings).unwrap(), Segment::new(&settings).unwrap());
            [branch.base_url().to_owned(), segment.base_url().to_owned()]
        };
        assert_eq!(of("us"), ["https://api2.branch.io", "https://api.segment.io"]);
        assert_eq!(
            of("eu"),
            ["https://api3-eu.branch.io", "https://events.eu1.segmentapis.com"]
        );
    }

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
            "https://proxy.example.com.",
            "https://proxy.example.com.:8443",
            "http://127.0.0.1.:4000",
            "http://localhost.:4000",
            "http://127.1:4000",
            "http://127.0.0.2:4000",
            "http://2130706433",
            "http://0x7f000001:4000",
            "http://0.0.0.0:4000",
            "https://0:4000",
            "http://017700000001",
            "http://[::]:4000",
            "http://[::ffff:127.0.0.1]:4000",
            "https://[0:0:0:0:0:0:0:1]",
            "http://a.localhost:4000",
        ] {
            let problem = replacement("segment.endpoint_url", bad).unwrap_err();
            assert_eq!(problem.key, "segment.endpoint_url", "{bad}");
        }
    }
}
