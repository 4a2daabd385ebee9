//! One signed sample of every route, as the vendors would send it.

use event::{Destination, Source, Timestamp, hex};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::keys::{SEGMENT_SHARED_SECRET, token};

/// One HTTP request of a vendor.
pub(crate) struct Sample {
    pub(crate) source: Source,
    /// For the user, such as `Segment posts a batch of two`.
    pub(crate) title: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) events: Vec<SampleEvent>,
}

/// One event of a sample, at one of its destinations.
pub(crate) struct SampleEvent {
    pub(crate) id: String,
    /// Its name at the source.
    pub(crate) name: &'static str,
    pub(crate) destination: Destination,
    /// A text that stands in what arrives of it at its destination, and in nothing else.
    pub(crate) mark: String,
    /// Whether it must arrive; else the route has nothing to do for it and must say so.
    pub(crate) must_arrive: bool,
}

/// The samples, with ids and times that no earlier run has used.
pub(crate) fn samples(now: Timestamp) -> Vec<Sample> {
    vec![segment(now), branch(now), braze(now)]
}

/// The `X-Signature` of a Segment request: over the first event of a batch alone, which is why a token goes beside it.
pub(crate) fn segment_signature(first_event: &str) -> String {
    // A key of any length is valid, so the error cannot come; an empty signature would be refused, and show.
    Hmac::<Sha1>::new_from_slice(SEGMENT_SHARED_SECRET.as_bytes())
        .map(|mac| hex(mac.chain_update(first_event).finalize().into_bytes()).collect())
        .unwrap_or_default()
}

fn segment(now: Timestamp) -> Sample {
    let (identify_id, order_id) = (
        format!("identify-{}", now.millis()),
        format!("order-{}", now.millis()),
    );
    let identify = format!(
        r#"{{"type":"identify","messageId":"{identify_id}","userId":"u-1001","timestamp":"{now}","traits":{{"email":"ada@example.com","firstName":"Ada","plan":"dusk","loyalty_id":"L-{}","address":{{"city":"Lisbon","country":"Portugal"}}}}}}"#,
        now.millis()
    );
    let order = format!(
        r#"{{"type":"track","event":"Order Completed","messageId":"{order_id}","userId":"u-1001","timestamp":"{now}","context":{{"device":{{"id":"5E0C2A77-3B1D-4C58-9E55-0A6B7C8D9E0F","type":"ios"}},"os":{{"name":"iOS","version":"18.2"}}}},"properties":{{"order_id":"GR-{}","currency":"EUR","total":86.76,"products":[{{"product_id":"tulip-12","name":"Tulip mix","price":34.95,"quantity":2}},{{"product_id":"pot-3","name":"Clay pot","price":12.5,"quantity":1}}]}}}}"#,
        now.millis()
    );
    let event = |id: &str, name, destination, mark: &str, must_arrive| SampleEvent {
        id: id.to_owned(),
        name,
        destination,
        mark: mark.to_owned(),
        must_arrive,
    };
    // Braze takes no event ids.
    let (loyalty, number) = (format!("L-{}", now.millis()), format!("GR-{}", now.millis()));
    Sample {
        source: Source::Segment,
        title: "Segment posts a batch of two",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-signature", segment_signature(&identify)),
            ("authorization", format!("Bearer {}", token(Source::Segment))),
        ],
        body: format!("[{identify},{order}]"),
        events: vec![
            event(&identify_id, "identify", Destination::Braze, &loyalty, true),
            event(&order_id, "Order Completed", Destination::Braze, &number, true),
            event(&identify_id, "identify", Destination::Branch, &identify_id, false),
            event(&order_id, "Order Completed", Destination::Branch, &order_id, true),
        ],
    }
}

fn branch(now: Timestamp) -> Sample {
    let id = format!("8123{}", now.millis());
    let body = format!(
        r#"{{"name":"INSTALL","id":"{id}","origin":"BRANCH","timestamp":{},"attributed":true,"user_data":{{"os":"ANDROID","os_version":"35","environment":"FULL_APP","platform":"ANDROID_APP","android_id":"9f31c07be2a45d10","developer_identity":"u-1001"}},"last_attributed_touch_data":{{"~id":1193046471193046471,"~campaign":"Autumn reactivation","~channel":"Slack","plant_id":"tulip-12"}},"custom_data":{{"$segment_anonymous_id":"c1f6b3d0-7f0e-4a4e-8f0b-2f1f6f2a9e11"}}}}"#,
        now.millis()
    );
    Sample {
        source: Source::Branch,
        title: "Branch posts an event",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-branch-auth", token(Source::Branch).to_owned()),
        ],
        body,
        events: vec![SampleEvent {
            mark: id.clone(),
            id,
            name: "INSTALL",
            destination: Destination::Segment,
            must_arrive: true,
        }],
    }
}

fn braze(now: Timestamp) -> Sample {
    let id = format!("currents-{}", now.millis());
    let seconds = now.millis() / 1000;
    let body = format!(
        r#"{{"events":[{{"event_type":"users.messages.email.Open","id":"{id}","time":{seconds},"user":{{"user_id":"65f1c0aa91b2d3004e7a1101","external_user_id":"u-1001","timezone":"Europe/Lisbon"}},"properties":{{"campaign_id":"2f6c8e10-3a4b-4c5d-8e6f-7a8b9c0d1e01","campaign_name":"Winter Sale","email_address":"ada@example.com"}}}}]}}"#
    );
    Sample {
        source: Source::Braze,
        title: "Braze Currents posts an event",
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("braze-currents-version", "1".to_owned()),
            ("authorization", format!("Bearer {}", token(Source::Braze))),
        ],
        body,
        events: vec![SampleEvent {
            mark: id.clone(),
            id,
            name: "users.messages.email.Open",
            destination: Destination::Segment,
            must_arrive: true,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_the_first_event_as_it_stands_in_the_body() {
        let now = Timestamp::parse("2026-03-01T12:00:00.000Z").unwrap();
        let sample = segment(now);
        let first = sample
            .body
            .strip_prefix('[')
            .unwrap()
            .split(",{\"type\":\"track\"")
            .next()
            .unwrap();
        let header = sample
            .headers
            .iter()
            .find(|(name, _)| *name == "x-signature")
            .unwrap();
        assert_eq!(header.1, segment_signature(first));
    }

    #[test]
    fn every_route_has_a_sample_that_must_arrive() {
        let samples = samples(Timestamp::from_millis(1_772_366_400_000));
        for route in event::Route::ALL {
            let arrives = |sample: &Sample| {
                sample.source == route.source()
                    && sample
                        .events
                        .iter()
                        .any(|event| event.destination == route.destination() && event.must_arrive)
            };
            assert!(samples.iter().any(arrives), "{route}");
        }
    }

    #[test]
    fn bodies_are_json_and_hold_the_ids() {
        for sample in samples(Timestamp::from_millis(1_772_366_400_000)) {
            serde_json::from_str::<serde::de::IgnoredAny>(&sample.body).unwrap();
            for event in &sample.events {
                assert!(sample.body.contains(&event.id) && sample.body.contains(&event.mark));
            }
        }
    }
}
