//! `[[segment_to_braze.catalogs]]`: tracks that change items of a catalog.

use super::super::{Condition, Pattern, Problems};
use super::triggers::check_event;
use serde::{Deserialize, Serialize};

/// What is done with an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogOperation {
    /// It is made or replaced whole.
    #[default]
    Upsert,
    /// The fields that are sent are changed; the others stay.
    Update,
    /// `DELETE` of the item.
    Delete,
}

/// One track that changes an item of a catalog.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogRule {
    /// The track's name; empty for events of any name and type that `when` is for.
    pub event: String,
    /// The events that it is for, of those of this name.
    #[serde(skip)]
    pub when: Option<Condition>,
    /// The catalog's name.
    pub catalog: String,
    /// What is done.
    pub op: CatalogOperation,
    /// The property with the item's id.
    pub id_property: String,
    /// The properties that are sent.
    pub fields: Vec<Pattern>,
    /// Whether the event is sent as such too.
    pub also_track: bool,
}

impl Default for CatalogRule {
    fn default() -> Self {
        Self {
            event: String::new(),
            when: None,
            catalog: String::new(),
            op: CatalogOperation::Upsert,
            id_property: "product_id".into(),
            fields: vec![Pattern::new("*")],
            also_track: true,
        }
    }
}

/// The most characters of a name of a catalog or item at Braze.
const MAX_NAME: usize = 250;

/// Whether Braze takes a text as the name of a catalog or item: 1 to 250 of `A-Z a-z 0-9 _ -`.
pub fn is_catalog_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

pub(super) fn check(catalogs: &[CatalogRule], problems: &mut Problems) {
    for (at, rule) in catalogs.iter().enumerate() {
        let key = format!("segment_to_braze.catalogs.{at}");
        check_event(&rule.event, rule.when.as_ref(), &key, problems);
        if rule.id_property.is_empty() {
            problems.add(&key, "has an empty `id_property`; the default is \"product_id\"");
        }
        if !is_catalog_name(&rule.catalog) {
            problems.add(
                &key,
                format!(
                    "names the catalog \"{}\"; write its name at Braze: 1 to {MAX_NAME} of A-Z a-z 0-9 _ -",
                    rule.catalog
                ),
            );
        }
    }
}
