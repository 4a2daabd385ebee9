//! Events to measure with: the mix, the sizes and the members of what shops send. The same route always has the same events.

use event::Route;
use fastrand::Rng;
use serde::Deserialize;
use std::fmt::Write;

/// Where all values come from.
const SEED: u64 = 0x5e9b_7a2e;

/// How many people the events are of: about four events each in 100,000.
const PEOPLE: usize = 25_000;

/// The second of the first event: 2026-03-01T12:00:00Z.
const FIRST_SECOND: u64 = 1_772_366_400;

/// The first `count` events of a route, each as its source sends it.
pub fn events(route: Route, count: usize) -> Vec<String> {
    let mut values = Values::new(count);
    match route {
        Route::SegmentToBraze | Route::SegmentToBranch => values.segment(count),
        Route::BranchToSegment => values.branch(count),
        Route::BrazeToSegment => values.currents(count),
    }
}

const FIRST_NAMES: [&str; 10] = [
    "Ada", "Grace", "Zoë", "Søren", "Mei", "Priya", "Omar", "Lucía", "Jürgen", "Nia",
];
const LAST_NAMES: [&str; 8] = [
    "Lovelace", "Hopper", "Núñez", "Müller", "Tanaka", "Okafor", "Singh", "García",
];
/// City, country, region, time zone, language.
const PLACES: [[&str; 5]; 5] = [
    ["London", "GB", "England", "Europe/London", "en"],
    ["Berlin", "DE", "Berlin", "Europe/Berlin", "de"],
    ["São Paulo", "BR", "SP", "America/Sao_Paulo", "pt"],
    ["New York", "US", "NY", "America/New_York", "en"],
    ["Tokyo", "JP", "Tokyo", "Asia/Tokyo", "ja"],
];
const CATEGORIES: [&str; 7] = [
    "Games",
    "Shoes",
    "Books",
    "Garden",
    "Toys",
    "Music",
    "Électronique",
];
const BRANDS: [&str; 4] = ["Hasbro", "Acme", "Globex", "Initech"];
const PLANS: [&str; 4] = ["free", "basic", "pro", "enterprise"];
const EVENT_NAMES: [&str; 10] = [
    "Video Played",
    "Article Read",
    "Level Completed",
    "Feature Used",
    "Trial Started",
    "Coupon Redeemed",
    "Product Added",
    "Products Searched",
    "Product Added to Wishlist",
    "Product Shared",
];
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
const PIXEL: &str = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A.230803.041)";

struct Person {
    id: String,
    anonymous_id: String,
    first_name: &'static str,
    last_name: &'static str,
    place: [&'static str; 5],
    email: String,
    plan: &'static str,
    has_iphone: bool,
    device: String,
    ip: String,
}

struct Values {
    random: Rng,
    people: Vec<Person>,
    /// Milliseconds since 1970 of the last event.
    at: u64,
}

/// How many of a hundred events are of a kind.
type Mix = [(&'static str, usize)];

const SEGMENT: &Mix = &[
    ("track", 60),
    ("identify", 20),
    ("order", 10),
    ("page", 5),
    ("group", 5),
];

/// Of Branch; `custom` is an event of the app's own.
const BRANCH: &Mix = &[
    ("OPEN", 20),
    ("INSTALL", 10),
    ("REINSTALL", 2),
    ("PURCHASE", 15),
    ("ADD_TO_CART", 10),
    ("VIEW_ITEM", 15),
    ("SEARCH", 5),
    ("COMPLETE_REGISTRATION", 3),
    ("custom", 15),
    ("CLICK", 5),
];

impl Values {
    fn new(events: usize) -> Self {
        let mut values = Self {
            random: Rng::with_seed(SEED),
            people: Vec::new(),
            at: FIRST_SECOND * 1000,
        };
        // Each person has about four events, however few there are.
        let people = (0..PEOPLE.min(events.div_ceil(4))).map(|number| values.person(number));
        values.people = people.collect();
        values
    }

    fn person(&mut self, number: usize) -> Person {
        Person {
            id: format!("user-{number:06}-{}", self.hex(6)),
            anonymous_id: self.uuid(),
            first_name: self.pick(&FIRST_NAMES),
            last_name: self.pick(&LAST_NAMES),
            place: self.pick(&PLACES),
            email: format!("u{number}.{}@example.com", self.hex(4)),
            plan: self.pick(&PLANS),
            has_iphone: self.random.bool(),
            device: self.uuid().to_uppercase(),
            ip: format!(
                "{}.{}.0.{}",
                self.int(11, 220),
                self.int(0, 255),
                self.int(1, 254)
            ),
        }
    }

    /// Hundreds of the mix, each in an order of its own.
    fn mixed(
        &mut self,
        mix: &Mix,
        count: usize,
        mut event: impl FnMut(&mut Self, &'static str) -> String,
    ) -> Vec<String> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            let kinds = mix
                .iter()
                .flat_map(|(kind, times)| std::iter::repeat_n(*kind, *times));
            let mut kinds: Vec<_> = kinds.collect();
            self.random.shuffle(&mut kinds);
            for kind in kinds {
                self.at += self.int(5, 900);
                events.push(event(self, kind));
            }
        }
        events.truncate(count);
        events
    }

    fn segment(&mut self, count: usize) -> Vec<String> {
        self.mixed(SEGMENT, count, |values, kind| {
            let person = values.random.usize(..values.people.len());
            let own = values.of_segment_kind(kind, person);
            let head = values.segment_head(if kind == "order" { "track" } else { kind }, person);
            format!("{head},{own},\"integrations\":{{}}}}")
        })
    }

    /// The members that every event has.
    fn segment_head(&mut self, kind: &str, person: usize) -> String {
        let (message_id, at) = (self.uuid(), self.at);
        let app = format!("5.{}.{}", self.int(0, 9), self.int(0, 20));
        let person = &self.people[person];
        let [_, country, _, zone, language] = person.place;
        let (maker, model, name, system, version, agent) = if person.has_iphone {
            ("Apple", "iPhone15,3", "iPhone", "iOS", "17.4", IPHONE)
        } else {
            ("Google", "Pixel 8", "shiba", "Android", "14", PIXEL)
        };
        let Person {
            id,
            anonymous_id,
            device,
            ip,
            email,
            first_name,
            plan,
            ..
        } = person;
        let context = format!(
            r#"{{"app":{{"name":"Shopmate","version":"{app}","build":"4711","namespace":"com.example.shopmate"}},"device":{{"id":"{device}","advertisingId":"{anonymous_id}","adTrackingEnabled":{},"manufacturer":"{maker}","model":"{model}","name":"{name}","type":"{}"}},"os":{{"name":"{system}","version":"{version}"}},"ip":"{ip}","locale":"{language}-{country}","timezone":"{zone}","userAgent":"{agent}","traits":{{"email":"{email}","firstName":"{first_name}","plan":"{plan}"}},"library":{{"name":"analytics-kotlin","version":"1.16.3"}}}}"#,
            person.has_iphone,
            system.to_lowercase(),
        );
        let [original, sent, received, own] = [0, 120, 180, 2].map(|after| iso(at + after));
        format!(
            r#"{{"type":"{kind}","messageId":"{message_id}","anonymousId":"{anonymous_id}","userId":"{id}","context":{context},"channel":"mobile","originalTimestamp":"{original}","sentAt":"{sent}","receivedAt":"{received}","timestamp":"{own}""#
        )
    }

    /// The members that a kind of event has of its own.
    fn of_segment_kind(&mut self, kind: &str, person: usize) -> String {
        let (category, brand, number) = (
            self.pick(&CATEGORIES),
            self.pick(&BRANDS),
            self.int(10_000, 99_999),
        );
        match kind {
            "track" => format!(
                r#""event":"{}","properties":{{"product_id":"SKU-{number}","category":"{category}","name":"{brand} {category} item","price":{},"quantity":{},"is_member":{},"viewed_at":"{}","tags":["{category}","{brand}"]}}"#,
                self.pick(&EVENT_NAMES),
                self.money(),
                self.int(1, 9),
                self.random.bool(),
                iso(self.at - self.int(1, 9_000_000)),
            ),
            "order" => {
                let products = [(); 3].map(|()| self.product());
                format!(
                    r#""event":"Order Completed","properties":{{"order_id":"o-{}","total":{},"revenue":{},"shipping":4.99,"tax":{},"discount":2.5,"coupon":"SPRING","currency":"USD","source":"app","products":[{}]}}"#,
                    self.hex(10),
                    self.money(),
                    self.money(),
                    self.money(),
                    products.join(","),
                )
            }
            "identify" => {
                let (phone, birthday, avatar) =
                    (self.int(1_000_000, 9_999_999), self.int(1950, 1999), self.hex(8));
                let (points, other) = (self.int(0, 100_000), self.pick(&CATEGORIES));
                let Person {
                    email,
                    first_name,
                    last_name,
                    plan,
                    place: [city, country, region, ..],
                    ..
                } = &self.people[person];
                format!(
                    r#""traits":{{"email":"{email}","firstName":"{first_name}","lastName":"{last_name}","phone":"+1415{phone}","gender":"female","birthday":"{birthday}-04-17","avatar":"https://img.example.com/a/{avatar}.png","address":{{"street":"12 High Street","city":"{city}","state":"{region}","postalCode":"{number}","country":"{country}"}},"plan":"{plan}","loyalty_points":{points},"newsletter":true,"favourite_categories":["{category}","{other}"]}}"#
                )
            }
            "page" => format!(
                r#""name":"Product","properties":{{"path":"/p/{number}","url":"https://shop.example.com/p/{number}","referrer":"https://www.example.org/","search":"?utm_source=mail","title":"Shopmate /p/{number}"}}"#
            ),
            _ => format!(
                r#""groupId":"grp-{}","traits":{{"name":"{brand} Ltd","industry":"{category}","employees":{number},"plan":"{}","createdAt":"{}"}}"#,
                self.int(1, 400),
                self.pick(&PLANS),
                iso(self.at - self.int(1, 9_000_000_000)),
            ),
        }
    }

    fn product(&mut self) -> String {
        let (category, brand, number) = (
            self.pick(&CATEGORIES),
            self.pick(&BRANDS),
            self.int(10_000, 99_999),
        );
        format!(
            r#"{{"product_id":"SKU-{number}","sku":"AC-{number}","name":"{brand} {category}","variant":"{}","price":{},"quantity":{},"category":"{category}","brand":"{brand}","url":"https://shop.example.com/p/{number}"}}"#,
            self.pick(&["red", "blue", "L", "XL"]),
            self.money(),
            self.int(1, 4),
        )
    }

    fn branch(&mut self, count: usize) -> Vec<String> {
        self.mixed(BRANCH, count, |values, kind| {
            let person = values.random.usize(..values.people.len());
            let commerce = match kind {
                "PURCHASE" => {
                    let items = [(); 2].map(|()| values.content_item());
                    format!(
                        r#","event_data":{{"transaction_id":"o-{}","currency":"USD","revenue":{},"revenue_in_usd":{},"exchange_rate":1,"shipping":4.99,"tax":{},"coupon":"SPRING","affiliation":"app","description":"an order"}},"content_items":[{}]"#,
                        values.hex(10),
                        values.money(),
                        values.money(),
                        values.money(),
                        items.join(","),
                    )
                }
                "ADD_TO_CART" | "VIEW_ITEM" => {
                    format!(r#","event_data":{{"currency":"USD"}},"content_items":[{}]"#, values.content_item())
                }
                "SEARCH" => r#","event_data":{"search_query":"red shoes"}"#.to_owned(),
                _ => String::new(),
            };
            let head = values.branch_head(kind);
            let user_data = values.branch_user_data(person);
            let user = &values.people[person];
            format!(
                r#"{head},"user_data":{user_data},"custom_data":{{"$segment_anonymous_id":"{}","$segment_user_id":"{}","experiment":"exp-7","plan":"{}","score":"42"}},"metadata":{{"ip":null}},"organization_id":"842011562299543552","organization_name":"Shopmate"{commerce}}}"#,
                user.anonymous_id, user.id, user.plan,
            )
        })
    }

    fn branch_head(&mut self, kind: &str) -> String {
        let name = if kind == "custom" {
            self.pick(&["lesson finished", "level_up", "video_played", "invite sent"])
        } else {
            kind
        };
        let (id, at, link) = (self.digits(19), self.at, self.digits(18));
        let click = at - self.int(60_000, 90_000_000);
        let campaign = self.pick(&["spring_sale", "winback", "été 2026"]);
        let (channel, number, hex) = (
            self.pick(&["facebook", "google", "email"]),
            self.digits(12),
            self.hex(10),
        );
        let (existing, product) = (self.random.bool(), self.int(10_000, 99_999));
        format!(
            r#"{{"name":"{name}","id":"{id}","timestamp":{at},"event_timestamp":{at},"timestamp_iso":"{}","origin":"BRANCH","attributed":true,"existing_user":{existing},"first_event_for_user":false,"deep_linked":{existing},"last_attributed_touch_type":"CLICK","last_attributed_touch_timestamp":{click},"last_attributed_touch_data":{{"~id":"{link}","~campaign":"{campaign}","~channel":"{channel}","~feature":"paid advertising","~stage":"new user","~tags":["a","summer"],"~advertising_partner_name":"Facebook","~ad_set_name":"lookalike 3%","~ad_set_id":"{number}","~ad_name":"video_15s","~ad_id":"{number}","~campaign_id":"{number}","~creation_source":1,"+click_timestamp":{},"+clicked_branch_link":true,"+match_guaranteed":true,"+url":"https://shop.app.link/{hex}?promo=4f","+referrer":"https://www.example.org/","+via_features":["CROSS_PLATFORM_ID","DEEPVIEW"],"$deeplink_path":"product/{product}","$fallback_url":"https://shop.example.com/p","$og_title":"Spring sale","$one_time_use":false,"$desktop_url":"https://shop.example.com/","product_id":"SKU-{product}","referring_user":"user-17"}},"days_from_last_attributed_touch_to_event":0,"hours_from_last_attributed_touch_to_event":3,"minutes_from_last_attributed_touch_to_event":7,"seconds_from_last_attributed_touch_to_event":51"#,
            iso(at),
            click / 1000,
        )
    }

    fn branch_user_data(&mut self, person: usize) -> String {
        let (app, lat, lon) = (self.int(0, 9), self.money(), self.money());
        let past = self.digits(18);
        let Person {
            id,
            place: [city, country, region, _, language],
            has_iphone,
            device,
            ip,
            ..
        } = &self.people[person];
        let (system, version, platform, brand, model, agent) = if *has_iphone {
            ("IOS", "17.4", "IOS_APP", "Apple", "iPhone15,3", IPHONE)
        } else {
            ("ANDROID", "14", "ANDROID_APP", "Google", "Pixel 8", PIXEL)
        };
        let ids = if *has_iphone {
            format!(r#""idfa":"{device}","idfv":"{device}""#)
        } else {
            format!(
                r#""os_version_android":34,"aaid":"{}","android_id":"9774d56d682e549c""#,
                device.to_lowercase()
            )
        };
        format!(
            r#"{{"os":"{system}","os_version":"{version}","environment":"FULL_APP","platform":"{platform}",{ids},"limit_ad_tracking":false,"user_agent":"{agent}","browser":null,"http_referrer":null,"developer_identity":"{id}","ip":"{ip}","country":"{country}","geo_country_code":"{country}","geo_city_en":"{city}","geo_region_en":"{region}","geo_lat":{lat},"geo_lon":{lon},"geo_dma_code":501,"language":"{language}","brand":"{brand}","model":"{model}","app_version":"5.{app}.2","sdk":"{}","sdk_version":"3.4.1","screen_width":1179,"screen_height":2556,"carrier_name":"Vodafone","internet_connection_type":"WIFI","private_relay":false,"past_cross_platform_ids":["{past}"],"prob_cross_platform_ids":[]}}"#,
            system.to_lowercase(),
        )
    }

    fn content_item(&mut self) -> String {
        let (number, price, quantity) = (self.int(10_000, 99_999), self.money(), self.int(1, 5));
        format!(
            r#"{{"$content_schema":"COMMERCE_PRODUCT","$og_title":"Item {number}","$og_description":"A fine thing, in three colours","$canonical_identifier":"product/{number}","$publicly_indexable":false,"$locally_indexable":true,"$price":{price},"$quantity":{quantity},"$sku":"SKU-{number}","$product_name":"Product {number}","$product_brand":"{}","$product_category":"TOYS_AND_GAMES","$product_variant":"red","$currency":"USD","$condition":"NEW"}}"#,
            self.pick(&BRANDS),
        )
    }

    /// Events of all Currents types in turn, each with all the fields that Braze documents.
    fn currents(&mut self, count: usize) -> Vec<String> {
        let types: Vec<CurrentsType> = serde_json::from_str(CURRENTS_TYPES).unwrap();
        let mut order = Vec::new();
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            if order.is_empty() {
                order = (0..types.len()).collect();
                self.random.shuffle(&mut order);
            }
            let Some(of_type) = order.pop().and_then(|place| types.get(place)) else {
                continue;
            };
            let person = self.random.usize(..self.people.len());
            self.at += self.int(0, 1_000);
            let (user, properties) = (
                self.fields(of_type, "user", person),
                self.fields(of_type, "properties", person),
            );
            events.push(format!(
                r#"{{"event_type":"{}","id":"{}","time":{},"user":{{{user}}},"properties":{{{properties}}}}}"#,
                of_type.event_type,
                self.uuid(),
                self.at / 1000,
            ));
        }
        events
    }

    fn fields(&mut self, of_type: &CurrentsType, level: &str, person: usize) -> String {
        let mut text = String::new();
        for field in of_type.fields.iter().filter(|field| field.level == level) {
            let name = &field.name;
            let value = match (name.as_str(), field.kind.as_str()) {
                ("external_user_id", _) => format!("\"{}\"", self.people[person].id),
                ("device_id", _) => format!("\"{}\"", self.people[person].device),
                ("timezone", _) => format!("\"{}\"", self.people[person].place[3]),
                ("email_address", _) => format!("\"{}\"", self.people[person].email),
                (_, "int" | "integer") => self.int(1, 500).to_string(),
                (_, "float" | "number") => self.money(),
                (_, "bool" | "boolean") => self.random.bool().to_string(),
                (_, "object") => r#"{"colour":"red","size":3}"#.to_owned(),
                (_, kind) if kind.starts_with("array") => r#"["a","b"]"#.to_owned(),
                (name, _) if name.ends_with("_id") => format!("\"{}\"", self.hex(24)),
                (name, _) => format!("\"{name} {}\"", self.int(1, 500)),
            };
            let comma = if text.is_empty() { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(text, "{comma}\"{name}\":{value}");
        }
        text
    }

    fn int(&mut self, low: u64, high: u64) -> u64 {
        self.random.u64(low..=high)
    }

    fn money(&mut self) -> String {
        format!("{}.{:02}", self.int(1, 299), self.int(0, 99))
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.usize(..of.len())]
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| self.pick(b"0123456789abcdef") as char)
            .collect()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.pick(b"123456789") as char).collect()
    }

    fn uuid(&mut self) -> String {
        let [a, b, c, d, e] = [8, 4, 3, 3, 12].map(|digits| self.hex(digits));
        format!("{a}-{b}-4{c}-a{d}-{e}")
    }
}

fn iso(millis: u64) -> String {
    event::Timestamp::from_millis(millis.cast_signed()).to_string()
}

const CURRENTS_TYPES: &str = include_str!("../../../shared/event/src/currents/currents-events.json");

#[derive(Deserialize)]
struct CurrentsType {
    event_type: String,
    fields: Vec<CurrentsField>,
}

#[derive(Deserialize)]
struct CurrentsField {
    name: String,
    #[serde(rename = "in")]
    level: String,
    #[serde(rename = "type")]
    kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::json::Json;

    #[test]
    fn each_event_is_one_json_object_and_always_the_same() {
        for route in Route::ALL {
            let some = events(route, 300);
            assert_eq!(some, events(route, 300));
            for event in &some {
                assert!(
                    Json::parse(event).is_ok_and(|event| event.as_object().is_some()),
                    "{event}"
                );
            }
        }
    }

    #[test]
    fn events_are_as_long_as_those_that_shops_send() {
        for (route, wanted) in [
            (Route::SegmentToBraze, 1200..1450),
            (Route::SegmentToBranch, 1200..1450),
            (Route::BrazeToSegment, 750..1000),
            (Route::BranchToSegment, 2500..3000),
        ] {
            let some = events(route, 300);
            let mean = some.iter().map(String::len).sum::<usize>() / some.len();
            assert!(wanted.contains(&mean), "{route}: {mean}");
        }
    }
}
