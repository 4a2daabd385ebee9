//! `[segment_to_braze]`

mod catalogs;
mod choices;
mod compat;
mod new_names;
mod triggers;

pub use catalogs::{CatalogOperation, CatalogRule, is_catalog_name};
pub use choices::*;
pub use compat::Compat;
pub(super) use compat::apply_compat;
pub use triggers::{CanvasKey, TriggerRule};

use super::{Pattern, Problems, Rows};
use crate::currency::is_currency;
use crate::placeholder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Braze's identifiers of one app a platform; empty for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppIds {
    /// The iOS app.
    pub ios: String,
    /// The Android app.
    pub android: String,
    /// The web site.
    pub web: String,
}

/// How events of the route are mapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct SegmentToBraze {
    /// Whose names and habits the defaults follow.
    pub compat: Compat,
    /// The time of events and purchases.
    pub time_source: TimeSource,
    /// Whether `integrations` is obeyed.
    pub respect_integrations: bool,
    /// What the destination that carries Switchyard is called in Segment.
    pub webhook_names: Vec<String>,
    /// Which marks stop an event.
    pub loop_guard: LoopGuard,
    /// Track names let in.
    pub allow_events: Vec<Pattern>,
    /// Track names kept out, even if another list lets them in.
    pub deny_events: Vec<Pattern>,
    /// New track names by those received.
    pub rename_events: BTreeMap<String, String>,
    /// Users known by an anonymous id only.
    pub anonymous: Anonymous,
    /// The label of their aliases.
    pub alias_label: String,
    /// How anonymous becomes known.
    pub anonymous_merge: AnonymousMerge,
    /// Whether e-mail and phone are the last identifiers.
    pub contact_identity: bool,
    /// Whether `"null"` and the like are no ids.
    pub reject_placeholder_ids: bool,
    /// The words that are nobody's id; texts of `0` and `-` alone always are.
    pub placeholder_ids: Vec<String>,
    /// Whether no profile is ever made.
    pub update_existing_only: bool,
    /// The app of events and purchases; empty for none.
    pub app_id: String,
    /// The same by platform.
    pub app_ids: AppIds,
    /// What of an address is sent.
    pub address: Address,
    /// Traits not sent.
    pub drop_traits: Vec<Pattern>,
    /// What an empty text means.
    pub empty_strings: EmptyStrings,
    /// The calling code of national phone numbers; empty for none.
    pub default_calling_code: String,
    /// Digits that are no E.164 number.
    pub invalid_phone: InvalidPhone,
    /// How birthdays such as 03/04/1988 are read.
    pub dob_order: DobOrder,
    /// Whether nested attributes are merged into the stored ones.
    pub merge_nested: bool,
    /// Whether language and time zone are taken from `context`.
    pub locale_from_context: bool,
    /// Whether the location is taken from `context`.
    pub location_from_context: bool,
    /// Whether the push token is taken from `context`.
    pub push_token_from_context: bool,
    /// Whether attributes are taken from the `context.traits` of tracks, pages and screens.
    pub traits_on_track: bool,
    /// Properties not sent.
    pub drop_properties: Vec<Pattern>,
    /// How many characters of a text are sent; 0 for all.
    pub cut_strings_at: usize,
    /// What order events become.
    pub orders: Orders,
    /// Where a product's id stands.
    pub product_id_keys: Vec<String>,
    /// The currency where an event names none.
    pub default_currency: String,
    /// Which properties a purchase has.
    pub purchase_properties: PurchaseProperties,
    /// What any other track with revenue becomes.
    pub revenue_purchases: RevenuePurchases,
    /// Which tracks `revenue_purchases` looks at.
    pub revenue_purchase_events: Vec<Pattern>,
    /// Where the user's id stands in for a missing `cart_id`.
    pub cart_id_fallback: CartIdFallback,
    /// The source of ecommerce events where an event names none.
    pub default_source: String,
    /// Which page calls are sent.
    pub pages: Views,
    /// Which screen calls are sent.
    pub screens: Views,
    /// The name of a page that has one.
    pub page_event: String,
    /// The name of a page that has none.
    pub page_event_unnamed: String,
    /// The name of a screen that has one.
    pub screen_event: String,
    /// The name of a screen that has none.
    pub screen_event_unnamed: String,
    /// What group calls become.
    pub group: Group,
    /// Put before the group's id to make the attribute's name.
    pub group_attribute_prefix: String,
    /// Which alias calls are sent.
    pub alias: Alias,
    /// What their previous id is.
    pub alias_previous_id: AliasPreviousId,
    /// The track that makes an alias; empty for none.
    pub create_alias_event: String,
    /// The track that identifies a user; empty for none.
    pub identify_user_event: String,
    /// Whether delete calls are sent.
    pub deletes: bool,
    /// Tracks that trigger a campaign or canvas.
    pub triggers: Vec<TriggerRule>,
    /// Tracks that change a catalog.
    pub catalogs: Vec<CatalogRule>,
    /// Own rules that change events before they are mapped.
    #[serde(skip)]
    pub rules: Rows,
}

/// What Segment calls the destinations that send webhooks [Segment docs "Webhooks (Actions)", "Webhooks", "Extensible Webhook"].
const WEBHOOK_NAMES: [&str; 3] = ["Webhooks (Actions)", "Webhooks", "Extensible Webhook"];

/// What a name of a page or screen may have filled in.
const PLACES: [&str; 3] = ["{name}", "{category}", "{full_name}"];

/// What stands in braces in a template and is nothing that can be filled in.
fn unknown_place(template: &str) -> Option<&str> {
    template
        .match_indices('{')
        .filter_map(|(at, _)| {
            let rest = template.get(at..)?;
            rest.get(..=rest.find('}')?)
        })
        .find(|place| !PLACES.contains(place))
}

/// The most characters that `cut_strings_at` may leave.
const MAX_CUT: usize = 10_000;
/// The most digits of a calling code.
const MAX_CALLING_CODE_DIGITS: usize = 3;

impl Default for SegmentToBraze {
    fn default() -> Self {
        Self {
            compat: Compat::None,
            time_source: TimeSource::Timestamp,
            respect_integrations: true,
            webhook_names: WEBHOOK_NAMES.map(Into::into).into(),
            loop_guard: LoopGuard::Braze,
            allow_events: vec![Pattern::new("*")],
            deny_events: Vec::new(),
            rename_events: BTreeMap::new(),
            anonymous: Anonymous::Ignore,
            alias_label: "segment_anonymous_id".into(),
            anonymous_merge: AnonymousMerge::Identify,
            contact_identity: true,
            reject_placeholder_ids: true,
            placeholder_ids: placeholder::WORDS.map(Into::into).into(),
            update_existing_only: false,
            app_id: String::new(),
            app_ids: AppIds::default(),
            address: Address::Fields,
            drop_traits: Vec::new(),
            empty_strings: EmptyStrings::Keep,
            default_calling_code: String::new(),
            invalid_phone: InvalidPhone::Send,
            dob_order: DobOrder::None,
            merge_nested: false,
            locale_from_context: false,
            location_from_context: false,
            push_token_from_context: false,
            traits_on_track: false,
            drop_properties: Vec::new(),
            cut_strings_at: 0,
            orders: Orders::Purchases,
            product_id_keys: ["product_id", "sku", "id"].map(Into::into).into(),
            default_currency: "USD".into(),
            purchase_properties: PurchaseProperties::All,
            revenue_purchases: RevenuePurchases::Off,
            revenue_purchase_events: vec![Pattern::new("*")],
            cart_id_fallback: CartIdFallback::Cart,
            default_source: "segment".into(),
            pages: Views::Off,
            screens: Views::Off,
            page_event: "Viewed {full_name} Page".into(),
            page_event_unnamed: "Loaded a Page".into(),
            screen_event: "Viewed {full_name} Screen".into(),
            screen_event_unnamed: "Loaded a Screen".into(),
            group: Group::Attribute,
            group_attribute_prefix: "ab_segment_group_".into(),
            alias: Alias::Anonymous,
            alias_previous_id: AliasPreviousId::Auto,
            create_alias_event: "Create Alias".into(),
            identify_user_event: "Identify User".into(),
            deletes: true,
            triggers: Vec::new(),
            catalogs: Vec::new(),
            rules: Rows::new(),
        }
    }
}

impl SegmentToBraze {
    pub(super) fn check(&self, problems: &mut Problems) {
        for (key, value) in [
            ("alias_label", &self.alias_label),
            ("group_attribute_prefix", &self.group_attribute_prefix),
            ("default_source", &self.default_source),
            ("page_event", &self.page_event),
            ("page_event_unnamed", &self.page_event_unnamed),
            ("screen_event", &self.screen_event),
            ("screen_event_unnamed", &self.screen_event_unnamed),
        ] {
            if value.trim().is_empty() {
                let default = toml::Table::try_from(Self::default()).ok();
                let default = default.and_then(|table| table.get(key).map(ToString::to_string));
                problems.add(
                    format!("segment_to_braze.{key}"),
                    format!("is blank; the default is {}", default.unwrap_or_default()),
                );
            }
        }
        for (key, template) in [
            ("page_event", &self.page_event),
            ("page_event_unnamed", &self.page_event_unnamed),
            ("screen_event", &self.screen_event),
            ("screen_event_unnamed", &self.screen_event_unnamed),
        ] {
            if let Some(place) = unknown_place(template) {
                problems.add(
                    format!("segment_to_braze.{key}"),
                    format!(
                        "has {place}, which nothing fills in; there are {}",
                        PLACES.join(", ")
                    ),
                );
            }
        }
        if !is_currency(&self.default_currency) {
            problems.add(
                "segment_to_braze.default_currency",
                format!(
                    "is \"{}\", no code of ISO 4217; write three capital letters, such as \"EUR\"",
                    self.default_currency
                ),
            );
        }
        let code = &self.default_calling_code;
        if code.len() > MAX_CALLING_CODE_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            problems.add(
                "segment_to_braze.default_calling_code",
                format!("is \"{code}\"; it must be 1 to 3 digits without +, such as \"44\", or \"\""),
            );
        }
        problems.range("segment_to_braze.cut_strings_at", self.cut_strings_at, 0, MAX_CUT);
        if self.product_id_keys.is_empty() {
            problems.add(
                "segment_to_braze.product_id_keys",
                "is empty, so no product would have an id; the default is [\"product_id\", \"sku\", \"id\"]",
            );
        }
        new_names::check(
            "segment_to_braze.rename_events",
            &self.rename_events,
            "write the new name, or put the old one into `segment_to_braze.deny_events`",
            problems,
        );
        triggers::check(&self.triggers, problems);
        catalogs::check(&self.catalogs, problems);
    }
}

#[cfg(test)]
mod tests;
