//! The properties of a call, and who gets a name that several want.

use super::folded::Folded;
use super::value::{Value, is_equal};
use crate::segment_track::{self, Removal, TRUNCATED};
use crate::trace::{Trace, Warned};
use event::json::{ObjectWriter, compact_size, string_size};
use event::reasons::Warning;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The properties that say who, from where and which event: of [`Group::Identity`] alone.
const IDENTITY: [&str; 3] = ["event_id", "IP", "anonymousId"];

/// The groups of properties, the one with the best right to a name first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// `event_id`, `IP` and `anonymousId`.
    Identity,
    /// Link entries with `~`.
    Label,
    /// `user_data`
    Device,
    /// `event_data`
    Event,
    /// `content_items`
    Products,
    /// Link entries with `$`.
    Control,
    /// Link entries with `+`.
    Added,
    /// The customer's link entries.
    Link,
    /// `custom_data`
    Custom,
    /// What is known of the attribution.
    Attribution,
    /// Fields of the event that should hold others and do not.
    Unreadable,
    /// A second time of the event.
    Time,
}

impl Group {
    /// The rule that sends it.
    const fn rule(self) -> &'static str {
        match self {
            Self::Identity => "BS-110",
            Self::Label => "BS-111",
            Self::Device => "BS-112",
            Self::Event => "BS-113",
            Self::Products => "BS-114",
            Self::Control => "BS-115",
            Self::Added => "BS-116",
            Self::Link => "BS-117",
            Self::Custom => "BS-118",
            Self::Attribution => "BS-119",
            Self::Unreadable => "BS-016",
            Self::Time => "BS-063",
        }
    }

    /// Where its entries stand in the event; empty for the event itself.
    const fn section(self) -> &'static str {
        match self {
            Self::Identity | Self::Attribution | Self::Unreadable | Self::Time => "",
            Self::Label | Self::Control | Self::Added | Self::Link => "last_attributed_touch_data.",
            Self::Device => "user_data.",
            Self::Event => "event_data.",
            Self::Products => "",
            Self::Custom => "custom_data.",
        }
    }

    /// The name of an entry whose own is taken.
    fn alternative(self, name: &str) -> Option<String> {
        let prefix = match self {
            Self::Identity => return None,
            Self::Products => return Some("content_items".to_owned()),
            Self::Label => "tilde_",
            Self::Device => "device_",
            Self::Event => "event_",
            Self::Control => "dollar_",
            Self::Added => "plus_",
            Self::Link => "link_",
            Self::Custom => "custom_",
            Self::Attribution | Self::Unreadable | Self::Time => "branch_",
        };
        Some(format!("{prefix}{name}"))
    }

    /// When its properties go if the event is too large, lower numbers first; `None` if they never go (BS-152). A customer's
    /// long texts go before the facts of the attribution, which are a few bytes.
    fn removal_rank(self, key: &str) -> Option<usize> {
        match self {
            Self::Identity | Self::Label | Self::Device => None,
            Self::Control | Self::Added | Self::Link | Self::Custom | Self::Unreadable => Some(0),
            Self::Attribution if key == "customer_event_alias" => Some(0),
            Self::Products => Some(1),
            Self::Attribution | Self::Time => Some(2),
            Self::Event => Some(3),
        }
    }
}

pub(super) struct Property<'a> {
    group: Group,
    /// The key of the entry that it comes from.
    key: &'a str,
    pub name: Cow<'a, str>,
    pub value: Value<'a>,
}

impl segment_track::Property for Property<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn value_size(&self) -> usize {
        compact_size(self.value.raw())
    }

    fn removal(&self, value_size: usize) -> Option<Removal> {
        Some(Removal {
            rank: self.group.removal_rank(self.key)?,
            size: Reverse(string_size(&self.name) + value_size),
        })
    }

    fn write(&self, out: &mut ObjectWriter<'_>) {
        self.value.write(out, &self.name);
    }
}

/// Properties in their order.
pub(super) struct Properties<'a> {
    /// Those that have got a name.
    pub list: Vec<Property<'a>>,
    /// The folded names, each with the place of its property.
    taken: HashMap<Folded<'a>, Option<usize>, foldhash::fast::RandomState>,
    /// Those that have got none.
    dropped: Vec<(Group, &'a str)>,
    /// Warnings of values.
    warnings: Vec<Warned>,
}

impl<'a> Properties<'a> {
    /// None yet. The names of [`Group::Identity`] are taken, also where the event gives no value for them: whoever reads
    /// them must not find what a link says. `is_trimmed`: so is the name `truncated`.
    pub(super) fn new(is_trimmed: bool) -> Self {
        // Twice as many as most events have.
        let mut taken = HashMap::with_capacity_and_hasher(200, foldhash::fast::RandomState::default());
        let kept = IDENTITY.into_iter().chain(is_trimmed.then_some(TRUNCATED));
        taken.extend(kept.map(|name| (Folded(Cow::Borrowed(name)), None)));
        Self {
            list: Vec::with_capacity(100),
            taken,
            dropped: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Keeps a warning of a value at a path, for [`Self::record`].
    pub(super) fn warn(&mut self, rule: &'static str, warning: Warning, path: String) {
        self.warnings.push(Warned { rule, warning, path });
    }

    /// Adds an entry under its name, or under its alternative name. `key` is that of the entry as received.
    pub(super) fn add(&mut self, group: Group, key: &'a str, name: Cow<'a, str>, value: Value<'a>) {
        if name.is_empty() {
            return;
        }
        let Some((name, value)) = self.put(group, key, name, value) else {
            return;
        };
        let is_put = group
            .alternative(&name)
            .is_some_and(|name| self.put(group, key, Cow::Owned(name), value).is_none());
        if !is_put {
            self.dropped.push((group, key));
        }
    }

    /// Takes a name for a value; gives both back if another value has it.
    fn put(
        &mut self,
        group: Group,
        key: &'a str,
        name: Cow<'a, str>,
        value: Value<'a>,
    ) -> Option<(Cow<'a, str>, Value<'a>)> {
        match self.taken.entry(Folded(name.clone())) {
            // Its own name is kept for it.
            Entry::Occupied(mut kept) if group == Group::Identity => {
                kept.insert(Some(self.list.len()));
            }
            Entry::Occupied(taken) => {
                let taken = (*taken.get()).and_then(|at| self.list.get(at));
                let is_same = taken.is_some_and(|taken| is_equal(&taken.value, &value));
                return (!is_same).then_some((name, value));
            }
            Entry::Vacant(free) => {
                free.insert(Some(self.list.len()));
            }
        }
        self.list.push(Property {
            group,
            key,
            name,
            value,
        });
        None
    }

    /// Records what became of the entries.
    pub(super) fn record(&self, trace: &mut Trace) {
        let path = |group: Group, key: &str| format!("{}{key}", group.section());
        for property in &self.list {
            trace.record(property.group.rule(), || {
                let from = path(property.group, property.key);
                (from, format!("properties.{}", property.name))
            });
        }
        for Warned { rule, warning, path } in &self.warnings {
            trace.warn(rule, *warning, || path.clone());
        }
        for (group, key) in &self.dropped {
            trace.record("BS-125", || {
                (path(*group, key), "left out: both its names are taken".into())
            });
            trace.warn("BS-125", Warning::PropertyCollision, || path(*group, key));
        }
    }
}
