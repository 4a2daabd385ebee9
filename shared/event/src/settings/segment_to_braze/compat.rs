//! Other defaults for whoever comes from another connector (SB-310).

use serde::{Deserialize, Serialize};
use toml::Value;

/// Whose names and habits the defaults follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compat {
    /// Switchyard's own.
    #[default]
    None,
    /// Those of Segment's *Braze Cloud Mode (Actions)*.
    SegmentActions,
    /// Those of Segment's classic *Braze* destination.
    SegmentClassic,
    /// Those of RudderStack's *Braze* destination.
    Rudderstack,
}

/// What a compatibility changes; a list stands as one value.
enum Changed {
    Text(&'static str),
    List(&'static [&'static str]),
}

const SEGMENT_ACTIONS: &[(&str, Changed)] = &[
    ("time_source", Changed::Text("received_at")),
    ("address", Changed::Text("fields_and_object")),
];

const SEGMENT_CLASSIC: &[(&str, Changed)] = &[
    ("drop_traits", Changed::List(&["id", "name"])),
    (
        "product_id_keys",
        Changed::List(&["product_id", "productId", "id"]),
    ),
    ("dob_order", Changed::Text("month_first")),
];

const RUDDERSTACK: &[(&str, Changed)] = &[
    ("group_attribute_prefix", Changed::Text("ab_rudder_group_")),
    ("alias_label", Changed::Text("rudder_id")),
    ("page_event", Changed::Text("{name}")),
    ("page_event_unnamed", Changed::Text("Page Viewed")),
    ("screen_event", Changed::Text("{name}")),
    ("screen_event_unnamed", Changed::Text("Screen Viewed")),
];

/// Writes the defaults of the chosen `compat` into the table where the file gives none.
pub(crate) fn apply_compat(table: &mut toml::Table) {
    let Some(Value::Table(own)) = table.get_mut("segment_to_braze") else {
        return;
    };
    let changed = match own.get("compat").and_then(Value::as_str) {
        Some("segment-actions") => SEGMENT_ACTIONS,
        Some("segment-classic") => SEGMENT_CLASSIC,
        Some("rudderstack") => RUDDERSTACK,
        _ => return,
    };
    for (key, value) in changed {
        let value = match value {
            Changed::Text(text) => Value::from(*text),
            Changed::List(list) => Value::from(list.to_vec()),
        };
        own.entry(*key).or_insert(value);
    }
}
