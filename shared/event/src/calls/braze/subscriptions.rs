//! Entries of a subscription request: one for all subscribers who are told the same.

use super::{BrazeItem, SubscriberKind};
use crate::json::{ArrayWriter, Json};

/// Writes the entries of a request.
pub(super) fn write_subscriptions<'i>(
    mut out: ArrayWriter<'_>,
    kind: SubscriberKind,
    items: impl Iterator<Item = &'i BrazeItem>,
) {
    for SubscriptionEntry { json, ids, .. } in subscription_entries(items) {
        let open = json.strip_suffix('}').unwrap_or(json);
        let mut entry = open.to_owned();
        if !open.ends_with('{') {
            entry.push(',');
        }
        entry.push('"');
        entry.push_str(kind.as_str());
        entry.push_str("\":");
        {
            let mut list = ArrayWriter::new(&mut entry);
            ids.into_iter().for_each(|id| list.string(id));
        }
        entry.push('}');
        out.raw(&entry);
    }
}

/// One entry of a request to the subscription endpoint: items that are equal but for their ids.
pub struct SubscriptionEntry<'i> {
    /// The entry without its ids.
    json: &'i str,
    /// Its ids, each once.
    ids: Vec<&'i str>,
    /// The places of its items among those of the request.
    pub places: Vec<usize>,
}

/// Joins subscription items in their order (SB-526). An item is not moved before one that tells the same subscriber
/// something else of the same group: the last word would be another one.
pub fn subscription_entries<'i>(items: impl Iterator<Item = &'i BrazeItem>) -> Vec<SubscriptionEntry<'i>> {
    let mut entries: Vec<SubscriptionEntry<'i>> = Vec::new();
    for (place, item) in items.enumerate() {
        let (json, id) = (item.json.as_str(), item.subscriber.as_deref().unwrap_or_default());
        let overtaken = entries.iter().rev().take_while(|entry| entry.json != json);
        let must_follow = overtaken
            .clone()
            .any(|entry| entry.ids.contains(&id) && group(entry.json) == group(json));
        let last_equal = entries.len().checked_sub(overtaken.count() + 1);
        match last_equal
            .filter(|_| !must_follow)
            .and_then(|at| entries.get_mut(at))
        {
            Some(entry) => {
                entry.places.push(place);
                if !entry.ids.contains(&id) {
                    entry.ids.push(id);
                }
            }
            None => entries.push(SubscriptionEntry {
                json,
                ids: vec![id],
                places: vec![place],
            }),
        }
    }
    entries
}

fn group(json: &str) -> Option<String> {
    let object = Json::parse(json).ok()?.as_object()?;
    Some(object.get("subscription_group_id")?.as_str()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{BrazeArray, BrazeCall, BrazeEndpoint};

    fn item(json: &str) -> BrazeItem {
        BrazeItem {
            array: BrazeArray::SubscriptionGroups,
            json: json.to_owned(),
            users: Vec::new(),
            operators: false,
            subscriber: None,
        }
    }

    #[test]
    fn subscription_entries_equal_but_for_their_ids_are_joined() {
        crate::rules!["SB-526"];
        let entry = |id: &str, json: &str| BrazeItem {
            subscriber: Some(id.to_owned()),
            ..item(json)
        };
        let items = vec![
            entry("u1", r#"{"g":"1"}"#),
            entry("u2", r#"{"g":"2"}"#),
            entry("u3", r#"{"g":"1"}"#),
            entry("u1", r#"{"g":"1"}"#),
        ];
        let call = BrazeCall {
            endpoint: BrazeEndpoint::SubscriptionStatus(SubscriberKind::ExternalIds),
            items,
        };
        assert_eq!(
            call.body(),
            r#"{"subscription_groups":[{"g":"1","external_ids":["u1","u3"]},{"g":"2","external_ids":["u2"]}]}"#
        );
    }

    #[test]
    fn a_subscribers_last_word_of_a_group_stays_the_last() {
        crate::rules!["SB-526", "SB-514"];
        let entry = |id: &str, group: &str, state: &str| BrazeItem {
            subscriber: Some(id.to_owned()),
            ..item(&format!(
                r#"{{"subscription_group_id":"{group}","subscription_state":"{state}"}}"#
            ))
        };
        let items = [
            entry("v", "g", "unsubscribed"),
            entry("u", "g", "subscribed"),
            entry("u", "h", "subscribed"),
            entry("u", "g", "unsubscribed"),
            entry("w", "g", "subscribed"),
            entry("u", "h", "subscribed"),
        ];
        let entries = subscription_entries(items.iter());
        let joined: Vec<_> = entries
            .iter()
            .map(|entry| (entry.ids.as_slice(), entry.places.as_slice()))
            .collect();
        assert_eq!(
            joined,
            [
                (&["v"][..], &[0][..]),
                (&["u", "w"], &[1, 4]),
                (&["u"], &[2, 5]),
                (&["u"], &[3]),
            ]
        );
    }
}
