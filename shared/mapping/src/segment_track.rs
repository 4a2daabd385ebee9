//! A Segment `track` call: its body, and what is left out of one that is too large. For both routes into Segment.

mod discarded;
mod size;
mod trim;

use crate::Trace;
use crate::rejected::Rejected;
use event::Timestamp;
use event::calls::{Platform, SegmentCall, UserKey};
use event::json::ObjectWriter;
use event::reasons::Warning;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The property that names what was left out for size.
pub(crate) const TRUNCATED: &str = "truncated";

/// One property of a call.
pub(crate) trait Property {
    fn name(&self) -> &str;

    /// The bytes of its value in the most compact form.
    fn value_size(&self) -> usize;

    /// Whether it may be left out, and when: the lowest rank goes first, of one rank the largest size. `None`: it always
    /// stays. `value_size` is that of its value.
    fn removal(&self, value_size: usize) -> Option<Removal>;

    fn write(&self, out: &mut ObjectWriter<'_>);
}

/// When a property of a call that is too large is left out.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Removal {
    /// The lowest goes first.
    pub rank: usize,
    /// Of one rank, the largest goes first.
    pub size: Reverse<usize>,
}

/// A call but for its properties.
#[derive(Clone)]
pub(crate) struct Track<'a> {
    /// `event`
    pub name: &'a str,
    pub message_id: String,
    pub user_id: Option<&'a str>,
    pub anonymous_id: Option<&'a str>,
    /// `timestamp`; without one, delivery adds the time of receipt (SEG-006).
    pub timestamp: Option<Timestamp>,
    /// Which of several write keys the call is for (SEG-020).
    pub platform: Option<Platform>,
    pub integrations: &'a BTreeMap<String, bool>,
    /// Writes `context`.
    pub context: &'a dyn Fn(&mut ObjectWriter<'_>),
}

/// The text of a call.
pub(crate) struct Body {
    text: String,
    /// How many members its `properties` have.
    properties: usize,
}

/// How a call that is too large is made to fit.
pub(crate) struct Trimming {
    /// The rule that leaves properties out.
    pub rule: &'static str,
    /// The rule that warns of it.
    pub warns: &'static str,
    /// The most bytes of the call as it is sent.
    pub limit: usize,
    /// Whether the property `truncated` names what was left out.
    pub lists: bool,
}

impl Track<'_> {
    /// The body. `truncated` names what was left out; `None` writes no such property.
    pub(crate) fn body<'p, P: Property + 'p>(
        &self,
        properties: impl IntoIterator<Item = &'p P>,
        truncated: Option<&[&str]>,
        capacity: usize,
    ) -> Body {
        let mut count = 0;
        let mut body = String::with_capacity(capacity);
        let mut call = ObjectWriter::new(&mut body);
        call.string("type", "track");
        call.string("event", self.name);
        call.string("messageId", &self.message_id);
        if let Some(user_id) = self.user_id {
            call.string("userId", user_id);
        }
        if let Some(anonymous_id) = self.anonymous_id {
            call.string("anonymousId", anonymous_id);
        }
        if let Some(timestamp) = self.timestamp {
            call.string("timestamp", &timestamp.to_string());
        }
        (self.context)(&mut call);
        let mut written = call.object("properties");
        for property in properties {
            property.write(&mut written);
            count += 1;
        }
        if let Some(names) = truncated {
            count += 1;
            let mut list = written.array(TRUNCATED);
            for name in names {
                list.string(name);
            }
        }
        drop(written);
        if !self.integrations.is_empty() {
            let mut integrations = call.object("integrations");
            for (name, on) in self.integrations {
                integrations.bool(name, *on);
            }
        }
        drop(call);
        Body {
            text: body,
            properties: count,
        }
    }

    /// Whether the call of this body is within Segment's limit and the setting's.
    pub(crate) fn fits(&self, body: &Body, limit: usize) -> bool {
        size::fits(&body.text, self.timestamp.is_none(), limit)
    }

    /// The body without the properties that must go; `None` if it does not fit without all that may go.
    pub(crate) fn trimmed<P: Property>(
        &self,
        properties: &[P],
        trimming: &Trimming,
        trace: &mut Trace,
    ) -> Option<Body> {
        let whole = self.body(properties, None, trimming.limit);
        let size = size::sent_size(&whole.text, self.timestamp.is_none());
        let removed = trim::trim(properties, size, trimming)?;
        for name in &removed {
            let path = || format!("properties.{name}");
            trace.record(trimming.rule, || {
                (path(), "left out: the event is too large".into())
            });
            trace.warn(trimming.warns, Warning::Trimmed, path);
        }
        let gone: BTreeSet<&str> = removed.iter().copied().collect();
        let stays = |property: &&P| {
            let is_replaced = trimming.lists && property.name() == TRUNCATED;
            !is_replaced && !gone.contains(property.name())
        };
        let listed = trimming.lists.then_some(removed.as_slice());
        Some(self.body(properties.iter().filter(stays), listed, trimming.limit))
    }

    /// The call of this body.
    ///
    /// # Errors
    /// Why Segment would discard it.
    pub(crate) fn call(self, body: Body) -> Result<SegmentCall, Rejected> {
        if let Some(discarded) = self.discarded(body.properties) {
            return Err(discarded);
        }
        let user = self.user_id.map(|id| UserKey::new("userId", id));
        let anonymous = || self.anonymous_id.map(|id| UserKey::new("anonymousId", id));
        Ok(SegmentCall {
            body: body.text,
            lacks_timestamp: self.timestamp.is_none(),
            platform: self.platform,
            user: user.or_else(anonymous),
            message_id: self.message_id,
        })
    }
}

/// The most bytes of a call: the setting's, and never more than Segment takes.
pub(crate) fn limit(settings: &event::settings::Settings) -> usize {
    settings.segment.max_event_bytes.min(size::MAX_EVENT_BYTES)
}
