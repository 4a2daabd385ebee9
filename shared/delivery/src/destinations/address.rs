//! What the settings may name as a host.

use event::settings::{Problem, Region};
use url::{Host, Url};

/// Scheme, host and port: what a setting says, or else the host of a region, United States first.
///
/// # Errors
/// What is wrong with the setting `key`.
pub fn base_url(key: &str, setting: &str, region: Region, hosts: [&str; 2]) -> Result<String, Problem> {
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
        ] {
            let problem = replacement("segment.endpoint_url", bad).unwrap_err();
            assert_eq!(problem.key, "segment.endpoint_url", "{bad}");
        }
    }
}
