//! The `context` of a call: what Segment has a place of its own for.

use super::received::Received;
use super::value::{Value, text};
use crate::Trace;
use crate::forms::{Placeholders, boolean, number};
use event::calls::Platform;
use event::json::ObjectWriter;
use std::borrow::Cow;

/// The mark of what came from Branch: it stays when an event is renamed on the way.
const INTEGRATION: &str = "Branch";

/// The field with the version of Android that its makers advertise.
const ANDROID_RELEASE: &str = "os_version_android";

/// The name by which Segment knows who sent a call.
const LIBRARY: &str = "switchyard";

/// One member: the rule, its object (empty for `context` itself), its key, where it comes from, its value.
struct Member<'a> {
    rule: &'static str,
    object: &'static str,
    key: &'static str,
    source: &'static str,
    value: Value<'a>,
}

/// The context of a call, its members in the order in which they are written.
pub(super) struct Context<'a> {
    members: Vec<Member<'a>>,
}

/// Where texts go: the rule, the object and the key, and the field of `user_data`.
const OF_USER: [(&str, &str, &str, &str); 2] = [
    ("BS-080", "", "ip", "ip"),
    ("BS-081", "", "userAgent", "user_agent"),
];

const OF_DEVICE: [(&str, &str, &str, &str); 2] = [
    ("BS-086", "device", "manufacturer", "brand"),
    ("BS-087", "device", "model", "model"),
];

const OF_APP: [(&str, &str, &str, &str); 2] = [
    ("BS-090", "app", "version", "app_version"),
    ("BS-091", "network", "carrier", "carrier_name"),
];

const OF_PLACE: [(&str, &str, &str, &str); 3] = [
    ("BS-064", "location", "city", "geo_city_en"),
    ("BS-064", "location", "region", "geo_region_en"),
    ("BS-064", "location", "country", "geo_country_en"),
];

const OF_PAGE: [(&str, &str, &str, &str); 2] = [
    ("BS-066", "page", "url", "http_origin"),
    ("BS-066", "page", "referrer", "http_referrer"),
];

/// Where numbers go: the rule, the object, the key, and the field of `user_data`.
const SCREEN: [(&str, &str, &str, &str); 2] = [
    ("BS-092", "screen", "width", "screen_width"),
    ("BS-092", "screen", "height", "screen_height"),
];

const POINT: [(&str, &str, &str, &str); 2] = [
    ("BS-065", "location", "latitude", "geo_lat"),
    ("BS-065", "location", "longitude", "geo_lon"),
];

/// The rule, the key, and the label of the link.
const CAMPAIGN: [(&str, &str, &str); 5] = [
    ("BS-094", "name", "campaign"),
    ("BS-095", "source", "channel"),
    ("BS-096", "medium", "feature"),
    ("BS-097", "content", "creative_name"),
    ("BS-098", "term", "keyword"),
];

/// The system of the device, if it is one of an app.
pub(super) fn system(event: &Received<'_>) -> Option<Platform> {
    let os = event.user("os").and_then(text)?;
    match os.trim().to_ascii_uppercase().as_str() {
        "IOS" | "IPHONE OS" | "IPHONE_OS" | "IPADOS" | "TVOS" | "TV_OS" => Some(Platform::Ios),
        // Fire OS is Android [Branch Android SDK `SystemObserver`].
        "ANDROID" | "AMAZON_FIRE" | "AMAZON_FIRE_TV" => Some(Platform::Android),
        _ => None,
    }
}

/// Which of several write keys an event is for (BS-061).
pub(super) fn platform(event: &Received<'_>) -> Option<Platform> {
    system(event).or_else(|| event.is_web().then_some(Platform::Web))
}

impl<'a> Context<'a> {
    /// The context of an event's call.
    pub(super) fn new(event: &Received<'a>, placeholders: Placeholders<'_>, trace: &mut Trace) -> Self {
        let mut context = Self {
            members: Vec::with_capacity(16),
        };
        context.texts(event, &OF_USER);
        context.device(event, placeholders);
        context.texts(event, &OF_APP);
        context.numbers(event, &SCREEN);
        context.texts(event, &OF_PLACE);
        context.numbers(event, &POINT);
        context.texts(event, &OF_PAGE);
        context.add(
            "BS-093",
            "",
            "locale",
            "language",
            locale(event).map(|text| Value::string(&text)),
        );
        for (rule, key, label) in CAMPAIGN {
            context.add(
                rule,
                "campaign",
                key,
                label,
                event.link.label(label).and_then(Value::text),
            );
        }
        for member in &context.members {
            trace.record(member.rule, || member.entry());
        }
        context
    }

    fn add(
        &mut self,
        rule: &'static str,
        object: &'static str,
        key: &'static str,
        source: &'static str,
        value: Option<Value<'a>>,
    ) {
        self.members.extend(value.map(|value| Member {
            rule,
            object,
            key,
            source,
            value,
        }));
    }

    fn texts(
        &mut self,
        event: &Received<'a>,
        places: &[(&'static str, &'static str, &'static str, &'static str)],
    ) {
        for (rule, object, key, source) in places {
            self.add(
                rule,
                object,
                key,
                source,
                event.user(source).and_then(Value::text),
            );
        }
    }

    fn numbers(
        &mut self,
        event: &Received<'a>,
        places: &[(&'static str, &'static str, &'static str, &'static str)],
    ) {
        for (rule, object, key, source) in places {
            let number = event.user(source).filter(|value| number(*value).is_some());
            self.add(rule, object, key, source, number.map(Value::number_or_exact));
        }
    }

    fn device(&mut self, event: &Received<'a>, placeholders: Placeholders<'_>) {
        let ids: Option<(_, _, _, &[&str])> = match system(event) {
            Some(Platform::Ios) => Some(("ios", "iOS", "idfv", &["idfa"])),
            Some(Platform::Android) => Some((
                "android",
                "Android",
                "android_id",
                &["aaid", "fire_ad_id", "kindle_aid"],
            )),
            Some(Platform::Web) | None => None,
        };
        let mut os_name = event.user("os").and_then(Value::text);
        if let Some((device_type, name, id, advertising_ids)) = ids {
            let device_id = |key: &str| {
                let id = event.user(key).and_then(|id| placeholders.thing(id));
                id.map(|id| Value::string(&id))
            };
            os_name = Some(Value::string(name));
            self.add("BS-082", "device", "type", "os", Some(Value::string(device_type)));
            self.add("BS-083", "device", "id", id, device_id(id));
            let found = advertising_ids
                .iter()
                .find_map(|key| Some((key, device_id(key)?)));
            if let Some((key, value)) = found {
                self.add("BS-084", "device", "advertisingId", key, Some(value));
            }
        }
        let limited = event.user("limit_ad_tracking").and_then(boolean);
        let enabled = limited.map(|limited| Value::bool(!limited));
        self.add(
            "BS-085",
            "device",
            "adTrackingEnabled",
            "limit_ad_tracking",
            enabled,
        );
        self.texts(event, &OF_DEVICE);
        self.add("BS-088", "os", "name", "os", os_name);
        // `os_version` is the API level there, while Segment's libraries give the release.
        let release = event.user(ANDROID_RELEASE).and_then(Value::text);
        match release.filter(|_| system(event) == Some(Platform::Android)) {
            Some(release) => self.add("BS-089", "os", "version", ANDROID_RELEASE, Some(release)),
            None => self.texts(event, &[("BS-089", "os", "version", "os_version")]),
        }
    }

    /// Writes the object.
    pub(super) fn write(&self, call: &mut ObjectWriter<'_>) {
        let mut context = call.object("context");
        for members in self.members.chunk_by(|one, other| one.object == other.object) {
            match members.first().map_or("", |member| member.object) {
                "" => write_members(&mut context, members),
                object => write_members(&mut context.object(object), members),
            }
        }
        context.object("integration").string("name", INTEGRATION);
        let mut library = context.object("library");
        library.string("name", LIBRARY);
        library.string("version", env!("CARGO_PKG_VERSION"));
    }
}

impl Member<'_> {
    /// The input's path and the output's.
    fn entry(&self) -> (String, String) {
        let dot = if self.object.is_empty() { "" } else { "." };
        let from = if self.object == "campaign" {
            format!("last_attributed_touch_data.~{}", self.source)
        } else {
            format!("user_data.{}", self.source)
        };
        (from, format!("context.{}{dot}{}", self.object, self.key))
    }
}

fn write_members(out: &mut ObjectWriter<'_>, members: &[Member<'_>]) {
    for member in members {
        member.value.write(out, member.key);
    }
}

/// Language and country as Segment writes them: `pt-BR`.
fn locale(event: &Received<'_>) -> Option<String> {
    let read = |key: &str| event.user(key).and_then(text);
    let language = read("language")?;
    let subtag = language.split(['-', '_']).next().unwrap_or_default().trim();
    if subtag.is_empty() {
        return None;
    }
    let subtag = subtag.to_lowercase();
    let is_said = |country: &Cow<'_, str>| !country.trim().is_empty();
    let country = read("country")
        .filter(is_said)
        .or_else(|| read("geo_country_code").filter(is_said));
    Some(match country {
        Some(country) => format!("{subtag}-{}", country.trim().to_uppercase()),
        None => subtag,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::json::Json;

    #[test]
    fn the_platform_is_that_of_the_app_or_the_web() {
        event::rules!["BS-061"];
        for (user, wanted) in [
            (r#"{"os":"iOS","environment":"FULL_WEB"}"#, Some(Platform::Ios)),
            (r#"{"os":" android "}"#, Some(Platform::Android)),
            (r#"{"os":"AMAZON_FIRE_TV"}"#, Some(Platform::Android)),
            (r#"{"os":"MAC_OS","environment":"full_web"}"#, Some(Platform::Web)),
            (r#"{"platform":"Mobile_Web"}"#, Some(Platform::Web)),
            (r#"{"os":"MAC_OS","environment":"FULL_APP"}"#, None),
            ("{}", None),
        ] {
            let text = format!(r#"{{"user_data":{user}}}"#);
            let event = Received::open(Json::parse(&text).unwrap(), &mut Trace::brief()).unwrap();
            assert_eq!(platform(&event), wanted, "{user}");
        }
    }

    #[test]
    fn a_locale_is_the_primary_subtag_and_a_country() {
        event::rules!["BS-093"];
        for (user, wanted) in [
            (r#"{"language":"PT","country":"br"}"#, Some("pt-BR")),
            (r#"{"language":"pt_BR"}"#, Some("pt")),
            (r#"{"language":"zh-Hans","geo_country_code":"CN"}"#, Some("zh-CN")),
            (
                r#"{"language":"de","country":"null","geo_country_code":"at"}"#,
                Some("de-AT"),
            ),
            (
                r#"{"language":" sv ","country":"SE","geo_country_code":"NO"}"#,
                Some("sv-SE"),
            ),
            (r#"{"language":"-BR"}"#, None),
            (r#"{"country":"BR"}"#, None),
        ] {
            let text = format!(r#"{{"user_data":{user}}}"#);
            let event = Received::open(Json::parse(&text).unwrap(), &mut Trace::brief()).unwrap();
            assert_eq!(locale(&event).as_deref(), wanted, "{user}");
        }
    }
}
