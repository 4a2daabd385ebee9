//! What all objects of one event have in common: whose they are, and of which app.

use super::identity::{Identity, Ids};
use super::platform::{AppId, app_id, platform_of, warn_of_app_ids};
use super::received::Received;
use crate::Trace;
use event::Timestamp;
use event::calls::{BrazeArray, BrazeItem, Platform};
use event::json::ObjectWriter;
use event::settings::SegmentToBraze;

/// What all objects of one event have in common.
pub(super) struct EventContext<'e, 'a> {
    pub event: &'e Received<'a>,
    /// How the user wants events mapped.
    pub settings: &'e SegmentToBraze,
    /// Whose they are.
    pub identity: Identity,
    /// Where it happened.
    pub platform: Option<Platform>,
    /// Which of Braze's apps that is.
    pub app_id: Option<AppId<'e>>,
}

impl<'e, 'a> EventContext<'e, 'a> {
    /// The event_context of an event of this user.
    pub(super) fn new(event: &'e Received<'a>, settings: &'e SegmentToBraze, identity: Identity) -> Self {
        let platform = platform_of(event);
        Self {
            event,
            settings,
            identity,
            platform,
            app_id: app_id(event, platform, settings),
        }
    }

    /// Where the event names this user.
    pub(super) fn identity_path(&self) -> String {
        Ids::new(self.event, self.settings).path_of(Ids::identity)
    }

    /// Writes whether Braze may make a profile, where that must be said.
    pub(super) fn write_update_existing_only(&self, out: &mut ObjectWriter<'_>) {
        if self.settings.update_existing_only {
            out.bool("_update_existing_only", true);
        } else if self.identity.is_alias() {
            out.bool("_update_existing_only", false);
        }
    }

    pub(super) fn record_update_existing_only(&self, trace: &mut Trace) {
        let only = self.settings.update_existing_only;
        if only || self.identity.is_alias() {
            trace.record("SB-073", || {
                let path = "settings.segment_to_braze.update_existing_only";
                (path.into(), format!("_update_existing_only = {only}"))
            });
        }
    }

    /// Records where the app of events and purchases is named.
    pub(super) fn record_app_id(&self, trace: &mut Trace) {
        warn_of_app_ids(self.event, self.settings, trace);
        if let Some(app_id) = &self.app_id {
            trace.record("SB-051", || (app_id.path(), format!("app_id = {}", app_id.id)));
        }
    }

    /// An event or purchase object; `write` writes what it has of its own, between the app and the time.
    pub(super) fn track_object(
        &self,
        array: BrazeArray,
        at: Timestamp,
        properties: Option<&str>,
        write: impl FnOnce(&mut ObjectWriter<'_>),
    ) -> BrazeItem {
        let mut json = String::with_capacity(properties.map_or(0, str::len) + 256);
        let mut out = ObjectWriter::new(&mut json);
        self.identity.write(&mut out);
        if let Some(app_id) = &self.app_id {
            out.string("app_id", &app_id.id);
        }
        write(&mut out);
        out.string("time", &at.to_string());
        if let Some(properties) = properties {
            out.raw("properties", properties);
        }
        self.write_update_existing_only(&mut out);
        drop(out);
        self.item(array, json)
    }

    /// An item that names this user.
    pub(super) fn item(&self, array: BrazeArray, json: String) -> BrazeItem {
        BrazeItem {
            array,
            json,
            users: vec![self.identity.user_key()],
            operators: false,
            subscriber: None,
        }
    }

    /// The event's `userId`, else its `anonymousId`, with the key that gave it.
    pub(super) fn user_or_anonymous_id(&self, trace: &mut Trace) -> Option<(&'static str, String)> {
        let ids = Ids::new(self.event, self.settings);
        let mut keys = ["userId", "anonymousId"].into_iter();
        keys.find_map(|key| Some((key, ids.named(key, trace)?)))
    }
}
