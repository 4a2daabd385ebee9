//! `[routes]`

use crate::{Destination, Route, Source};
use serde::{Deserialize, Serialize};

/// What Segment calls the destinations that send webhooks [Segment docs "Webhooks (Actions)", "Webhooks", "Extensible
/// Webhook"].
pub(super) const WEBHOOK_NAMES: [&str; 3] = ["Webhooks (Actions)", "Webhooks", "Extensible Webhook"];

/// Which routes are on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Routes {
    /// Segment events become calls to Braze.
    pub segment_to_braze: bool,
    /// Segment events become calls to Branch.
    pub segment_to_branch: bool,
    /// Branch events become calls to Segment.
    pub branch_to_segment: bool,
    /// Braze Currents events become calls to Segment.
    pub braze_to_segment: bool,
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            segment_to_braze: true,
            segment_to_branch: true,
            branch_to_segment: true,
            braze_to_segment: true,
        }
    }
}

impl Routes {
    /// Whether a route is on.
    pub const fn is_on(&self, route: Route) -> bool {
        match route {
            Route::SegmentToBraze => self.segment_to_braze,
            Route::SegmentToBranch => self.segment_to_branch,
            Route::BranchToSegment => self.branch_to_segment,
            Route::BrazeToSegment => self.braze_to_segment,
        }
    }

    /// Where events of a source go.
    pub fn destinations(&self, source: Source) -> impl Iterator<Item = Destination> {
        Route::ALL
            .into_iter()
            .filter(move |route| route.source() == source && self.is_on(*route))
            .map(Route::destination)
    }

    /// The message group of a source's events in the queue of a destination: a flood from one source must not starve the other;
    /// a queue that one route fills needs no groups, which cost (RC-093).
    pub fn group(&self, source: Source, destination: Destination) -> Option<Source> {
        (self.sources(destination).count() > 1).then_some(source)
    }

    /// The sources that enabled routes join to a destination.
    pub fn sources(&self, destination: Destination) -> impl Iterator<Item = Source> {
        Route::ALL
            .into_iter()
            .filter(move |route| route.destination() == destination && self.is_on(*route))
            .map(Route::source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_two_routes_fill_has_groups() {
        crate::rules!["RC-093"];
        let mut routes = Routes::default();
        let (braze, segment) = (Source::Braze, Destination::Segment);
        assert_eq!(routes.group(braze, segment), Some(braze));
        assert_eq!(routes.group(Source::Segment, Destination::Braze), None);
        routes.branch_to_segment = false;
        assert_eq!(routes.group(braze, segment), None);
    }
}
