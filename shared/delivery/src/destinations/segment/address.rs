//! Where Segment is (SEG-001, SEG-002).

use crate::destinations::address::{base, replacement};
use event::settings::{Problem, Region, Segment};

/// Scheme, host and port.
///
/// # Errors
/// What is wrong with `segment.endpoint_url`.
pub fn base_url(settings: &Segment) -> Result<String, Problem> {
    if settings.endpoint_url.trim().is_empty() {
        return Ok(match settings.region {
            Region::Us => "https://api.segment.io",
            Region::Eu => "https://events.eu1.segmentapis.com",
        }
        .to_owned());
    }
    replacement("segment.endpoint_url", &settings.endpoint_url).map(|url| base(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_regions() {
        event::rules!["SEG-001"];
        let of = |region| {
            base_url(&Segment {
                region,
                ..Segment::default()
            })
            .unwrap()
        };
        assert_eq!(of(Region::Us), "https://api.segment.io");
        assert_eq!(of(Region::Eu), "https://events.eu1.segmentapis.com");
    }
}
