//! Who sends, who receives, and which pairs are connected.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who sends events to Switchyard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Segment, by its webhook destination.
    Segment,
    /// Braze, by a Currents *Custom HTTP* connector.
    Braze,
    /// Branch, by its webhooks.
    Branch,
}

/// Who receives events from Switchyard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// The Braze REST API.
    Braze,
    /// The Branch v2 event API.
    Branch,
    /// The Segment HTTP Tracking API.
    Segment,
}

/// A source paired with a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Segment events become calls to Braze.
    SegmentToBraze,
    /// Segment events become calls to Branch.
    SegmentToBranch,
    /// Branch events become calls to Segment.
    BranchToSegment,
    /// Braze Currents events become calls to Segment.
    BrazeToSegment,
}

impl Source {
    /// The name used in envelopes, settings, log lines and folder names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Braze => "braze",
            Self::Branch => "branch",
        }
    }
}

/// What the parts of a destination are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// The name used in envelopes, log lines, queues and the settings, where it is the name of a table.
    pub name: &'static str,
    /// How people write it, and how its logical ids in the template begin.
    pub title: &'static str,
    /// The function that delivers to it, which is also the name of its secret after the stack's.
    pub function: &'static str,
    /// The environment variable with the URL of its queue.
    pub queue_variable: &'static str,
    /// The member of its secret that holds the key.
    pub key_member: &'static str,
    /// The environment variable in which `cargo local` looks for a key.
    pub key_variable: &'static str,
}

impl Destination {
    /// Every destination there is: the one list that environment, command line, local runs and template tests go through.
    pub const ALL: [Self; 3] = [Self::Braze, Self::Branch, Self::Segment];

    /// What its parts are called.
    pub const fn descriptor(self) -> Descriptor {
        match self {
            Self::Braze => Descriptor {
                name: "braze",
                title: "Braze",
                function: "deliver-braze",
                queue_variable: "SWITCHYARD_QUEUE_BRAZE",
                key_member: "rest_api_key",
                key_variable: "BRAZE_REST_API_KEY",
            },
            Self::Branch => Descriptor {
                name: "branch",
                title: "Branch",
                function: "deliver-branch",
                queue_variable: "SWITCHYARD_QUEUE_BRANCH",
                key_member: "branch_key",
                key_variable: "BRANCH_KEY",
            },
            Self::Segment => Descriptor {
                name: "segment",
                title: "Segment",
                function: "deliver-segment",
                queue_variable: "SWITCHYARD_QUEUE_SEGMENT",
                key_member: "write_key",
                key_variable: "SEGMENT_WRITE_KEY",
            },
        }
    }

    /// The name used in envelopes, settings, log lines and folder names.
    pub const fn as_str(self) -> &'static str {
        self.descriptor().name
    }
}

impl Route {
    /// Every route there is.
    pub const ALL: [Self; 4] = [
        Self::SegmentToBraze,
        Self::SegmentToBranch,
        Self::BranchToSegment,
        Self::BrazeToSegment,
    ];

    /// The route that connects the two, if there is one.
    pub const fn between(source: Source, destination: Destination) -> Option<Self> {
        match (source, destination) {
            (Source::Segment, Destination::Braze) => Some(Self::SegmentToBraze),
            (Source::Segment, Destination::Branch) => Some(Self::SegmentToBranch),
            (Source::Branch, Destination::Segment) => Some(Self::BranchToSegment),
            (Source::Braze, Destination::Segment) => Some(Self::BrazeToSegment),
            _ => None,
        }
    }

    /// Where its events come from.
    pub const fn source(self) -> Source {
        match self {
            Self::SegmentToBraze | Self::SegmentToBranch => Source::Segment,
            Self::BranchToSegment => Source::Branch,
            Self::BrazeToSegment => Source::Braze,
        }
    }

    /// Where its events go.
    pub const fn destination(self) -> Destination {
        match self {
            Self::SegmentToBraze => Destination::Braze,
            Self::SegmentToBranch => Destination::Branch,
            Self::BranchToSegment | Self::BrazeToSegment => Destination::Segment,
        }
    }

    /// The name used in the settings: `segment_to_braze`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SegmentToBraze => "segment_to_braze",
            Self::SegmentToBranch => "segment_to_branch",
            Self::BranchToSegment => "branch_to_segment",
            Self::BrazeToSegment => "braze_to_segment",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_by_its_ends() {
        for route in Route::ALL {
            assert_eq!(Route::between(route.source(), route.destination()), Some(route));
        }
        assert_eq!(Route::between(Source::Braze, Destination::Branch), None);
    }
}
