//! Where Branch is (SR-300, SR-301).

use crate::destinations::address::{base, replacement};
use event::settings::{Branch, Problem, Region};

/// Scheme, host and port.
///
/// # Errors
/// What is wrong with `branch.endpoint_url`.
pub fn base_url(settings: &Branch) -> Result<String, Problem> {
    if settings.endpoint_url.trim().is_empty() {
        return Ok(match settings.region {
            Region::Us => "https://api2.branch.io",
            Region::Eu => "https://api3-eu.branch.io",
        }
        .to_owned());
    }
    replacement("branch.endpoint_url", &settings.endpoint_url).map(|url| base(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_regions() {
        event::rules!["SR-300"];
        let of = |region| {
            base_url(&Branch {
                region,
                ..Branch::default()
            })
            .unwrap()
        };
        assert_eq!(of(Region::Us), "https://api2.branch.io");
        assert_eq!(of(Region::Eu), "https://api3-eu.branch.io");
    }
}
