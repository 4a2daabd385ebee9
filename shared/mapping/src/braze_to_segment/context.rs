//! The `context` of a call: what Segment has a place of its own for.

use super::value::Usable;
use event::json::ObjectWriter;

/// The name by which Segment knows who sent a call.
const LIBRARY: &str = "switchyard";

/// The mark of what came from Braze: it stays when Segment replays an event without its `integrations`.
const INTEGRATION: &str = "Braze";

/// What the fields of an event give for the context. What is absent is not written, and no object is written empty.
#[derive(Default)]
pub(super) struct Context<'a> {
    pub timezone: Option<Usable<'a>>,
    pub user_agent: Option<Usable<'a>>,
    /// `traits.email`
    pub email: Option<Usable<'a>>,
    /// `traits.phone`
    pub phone: Option<Usable<'a>>,
    pub device_id: Option<Usable<'a>>,
    pub device_model: Option<Usable<'a>>,
    /// `device.type`, and `os.name` unless it is the web.
    pub platform: Option<Usable<'a>>,
    /// `device.advertisingId`
    pub advertising_id: Option<Usable<'a>>,
    /// `device.adTrackingEnabled`
    pub ad_tracking_enabled: Option<bool>,
    pub os_version: Option<Usable<'a>>,
    /// `network.carrier`
    pub carrier: Option<Usable<'a>>,
}

impl Context<'_> {
    /// Writes the object.
    pub(super) fn write(&self, call: &mut ObjectWriter<'_>) {
        let os_name = self
            .platform
            .as_ref()
            .filter(|platform| !platform.text.eq_ignore_ascii_case("web"));
        let mut context = call.object("context");
        strings(
            &mut context,
            &[
                ("timezone", self.timezone.as_ref()),
                ("userAgent", self.user_agent.as_ref()),
            ],
        );
        object(
            &mut context,
            "traits",
            &[("email", self.email.as_ref()), ("phone", self.phone.as_ref())],
            None,
        );
        let device = [
            ("id", self.device_id.as_ref()),
            ("model", self.device_model.as_ref()),
            ("type", self.platform.as_ref()),
            ("advertisingId", self.advertising_id.as_ref()),
        ];
        let tracking = self.ad_tracking_enabled.map(|value| ("adTrackingEnabled", value));
        object(&mut context, "device", &device, tracking);
        object(
            &mut context,
            "os",
            &[("version", self.os_version.as_ref()), ("name", os_name)],
            None,
        );
        object(
            &mut context,
            "network",
            &[("carrier", self.carrier.as_ref())],
            None,
        );
        context.object("integration").string("name", INTEGRATION);
        let mut library = context.object("library");
        library.string("name", LIBRARY);
        library.string("version", env!("CARGO_PKG_VERSION"));
    }
}

type Entry<'u, 'a> = (&'static str, Option<&'u Usable<'a>>);

fn strings(out: &mut ObjectWriter<'_>, entries: &[Entry<'_, '_>]) {
    for (key, value) in entries {
        if let Some(value) = value {
            value.write(out, key);
        }
    }
}

/// Writes an object of its own, unless it would be empty.
fn object(
    context: &mut ObjectWriter<'_>,
    key: &str,
    entries: &[Entry<'_, '_>],
    flag: Option<(&'static str, bool)>,
) {
    if flag.is_none() && entries.iter().all(|(_, value)| value.is_none()) {
        return;
    }
    let mut below = context.object(key);
    strings(&mut below, entries);
    if let Some((key, value)) = flag {
        below.bool(key, value);
    }
}
