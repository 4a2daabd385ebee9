//! `[receipt]`

use super::Problems;
use crate::Source;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};
use std::net::IpAddr;

/// How requests are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// What a missing or wrong credential is answered (RC-034).
    pub wrong_credential: WrongCredential,
    /// Cap of a body after decoding, in bytes (RC-055).
    pub max_body_bytes: usize,
    /// Events in one request (RC-058).
    pub max_events: usize,
    /// Nesting of one event (RC-057).
    pub max_depth: usize,
    /// `[receipt.segment]`
    pub segment: SegmentReceipt,
    /// `[receipt.braze]`
    pub braze: BrazeReceipt,
    /// `[receipt.branch]`
    pub branch: BranchReceipt,
}

/// What a missing or wrong credential is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongCredential {
    /// 401.
    Refuse,
    /// 503, so that senders that retry keep the data.
    RetryLater,
}

/// What happens to events 2..n of a signed array, which Segment's signature does not cover (RC-031).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsignedBatchTail {
    /// A token must prove them.
    RequireToken,
    /// They are taken unproven.
    Accept,
    /// Such arrays are refused.
    Reject,
}

/// `[receipt.segment]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentReceipt {
    /// Events 2..n of a signed array.
    pub unsigned_batch_tail: UnsignedBatchTail,
    /// Networks in CIDR form, or single addresses, that may send; empty for all (RC-038).
    #[serde(deserialize_with = "networks")]
    pub ip_allow_list: Vec<IpNet>,
    /// Milliseconds until the answer (RC-118).
    pub answer_within_ms: u64,
}

/// `[receipt.braze]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct BrazeReceipt {
    /// Networks in CIDR form, or single addresses, that may send; empty for all (RC-038).
    #[serde(deserialize_with = "networks")]
    pub ip_allow_list: Vec<IpNet>,
    /// Milliseconds until the answer (RC-118).
    pub answer_within_ms: u64,
}

/// `[receipt.branch]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchReceipt {
    /// Networks in CIDR form, or single addresses, that may send; empty for all (RC-038).
    #[serde(deserialize_with = "networks")]
    pub ip_allow_list: Vec<IpNet>,
    /// Milliseconds until the answer (RC-118).
    pub answer_within_ms: u64,
    /// Whether a request is kept in S3 when SQS or the secret fails (RC-150, RC-155).
    pub fallback: bool,
}

/// Networks as users write them: an address, as vendors publish them, is the network of itself alone.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: String| {
        let alone = text.parse::<IpAddr>().map(IpNet::from);
        alone.or_else(|_| text.parse()).map_err(|_| {
            serde::de::Error::custom(format!(
                "\"{text}\" is no network; write an address such as \"203.0.113.7\", or a network such as \"203.0.113.0/24\""
            ))
        })
    };
    Vec::deserialize(deserializer)?.into_iter().map(network).collect()
}

impl Default for Receipt {
    fn default() -> Self {
        Self {
            wrong_credential: WrongCredential::Refuse,
            max_body_bytes: 10_485_760,
            max_events: 10_000,
            max_depth: 64,
            segment: SegmentReceipt::default(),
            braze: BrazeReceipt::default(),
            branch: BranchReceipt::default(),
        }
    }
}

impl Default for SegmentReceipt {
    fn default() -> Self {
        Self {
            unsigned_batch_tail: UnsignedBatchTail::RequireToken,
            ip_allow_list: Vec::new(),
            answer_within_ms: 4000,
        }
    }
}

impl Default for BrazeReceipt {
    fn default() -> Self {
        Self {
            ip_allow_list: Vec::new(),
            answer_within_ms: 4000,
        }
    }
}

impl Default for BranchReceipt {
    fn default() -> Self {
        Self {
            ip_allow_list: Vec::new(),
            answer_within_ms: 1500,
            fallback: true,
        }
    }
}

impl Receipt {
    /// Milliseconds after which a source has its answer.
    pub const fn answer_within_ms(&self, source: Source) -> u64 {
        match source {
            Source::Segment => self.segment.answer_within_ms,
            Source::Braze => self.braze.answer_within_ms,
            Source::Branch => self.branch.answer_within_ms,
        }
    }

    /// The networks that may send; all, if there are none.
    pub fn ip_allow_list(&self, source: Source) -> &[IpNet] {
        match source {
            Source::Segment => &self.segment.ip_allow_list,
            Source::Braze => &self.braze.ip_allow_list,
            Source::Branch => &self.branch.ip_allow_list,
        }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.range("receipt.max_body_bytes", self.max_body_bytes, 65_536, 10_485_760);
        problems.range("receipt.max_events", self.max_events, 1, 10_000);
        problems.range("receipt.max_depth", self.max_depth, 8, 64);
        problems.range(
            "receipt.segment.answer_within_ms",
            self.segment.answer_within_ms,
            500,
            4500,
        );
        problems.range(
            "receipt.braze.answer_within_ms",
            self.braze.answer_within_ms,
            500,
            4500,
        );
        problems.range(
            "receipt.branch.answer_within_ms",
            self.branch.answer_within_ms,
            500,
            1800,
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    fn load(source: &str, list: &str) -> Result<Settings, String> {
        Settings::load(&format!("[receipt.{source}]\nip_allow_list = {list}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_is_allowed_alone_and_a_network_whole() {
        crate::rules!["RC-038"];
        for source in ["segment", "braze", "branch"] {
            let list = r#"["52.43.119.253", "2001:db8::7", "203.0.113.0/24", "2001:db8:1::/48"]"#;
            let receipt = load(source, list).unwrap().receipt;
            let nets = match source {
                "segment" => receipt.segment.ip_allow_list,
                "braze" => receipt.braze.ip_allow_list,
                _ => receipt.branch.ip_allow_list,
            };
            let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
            let wanted = [
                "52.43.119.253/32",
                "2001:db8::7/128",
                "203.0.113.0/24",
                "2001:db8:1::/48",
            ];
            assert_eq!(nets, wanted);
        }
    }

    #[test]
    fn a_wrong_entry_is_refused_by_name_with_both_forms() {
        crate::rules!["RC-038"];
        for wrong in ["52.43.119", "52.43.119.253/33", "branch.io", ""] {
            let error = load("branch", &format!(r#"["203.0.113.7", "{wrong}"]"#)).unwrap_err();
            let form = r#"write an address such as "203.0.113.7", or a network such as "203.0.113.0/24""#;
            assert_eq!(
                error,
                format!(r#"`receipt.branch.ip_allow_list` cannot be used: "{wrong}" is no network; {form}"#)
            );
        }
    }
}
