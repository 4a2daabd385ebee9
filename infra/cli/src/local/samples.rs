//! The sample events of `infra/samples`, signed and sent as the vendors would send them.

use event::{Destination, Route, Source, Timestamp, hex};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sandbox::currents_file::{self, Codec, Container, long, string};
use serde::Deserialize;
use sha1::Sha1;

use super::Error;
use super::keys::{SEGMENT_SHARED_SECRET, token};

/// The time at which the files' events happened: it is replaced by the time of the run.
const SAMPLE_TIME: &str = "2026-03-01T12:00:00.000Z";
/// [`SAMPLE_TIME`] in seconds. With three more digits it is the number of an event, which is in no other line of the files.
const SAMPLE_SECONDS: &str = "1772366400";
/// The bucket of the sample file.
pub(crate) const SAMPLE_BUCKET: &str = "braze-currents";
/// The digits of an event's number.
const NUMBER_DIGITS: usize = 13;

/// The sample events of a route, one a line.
const fn file(route: Route) -> (&'static str, &'static str) {
    match route {
        Route::SegmentToBraze => (
            "infra/samples/segment-to-braze.ndjson",
            include_str!("../../../samples/segment-to-braze.ndjson"),
        ),
        Route::SegmentToBranch => (
            "infra/samples/segment-to-branch.ndjson",
            include_str!("../../../samples/segment-to-branch.ndjson"),
        ),
        Route::BranchToSegment => (
            "infra/samples/branch-to-segment.ndjson",
            include_str!("../../../samples/branch-to-segment.ndjson"),
        ),
        Route::BrazeToSegment => (
            "infra/samples/braze-to-segment.ndjson",
            include_str!("../../../samples/braze-to-segment.ndjson"),
        ),
    }
}

/// One HTTP request of a vendor.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) source: Source,
    /// For the user, such as `Segment posts infra/samples/segment-to-braze.ndjson`.
    pub(crate) title: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) events: Vec<SampleEvent>,
}

/// One event of a sample, at one of its destinations.
#[derive(Debug)]
pub(crate) struct SampleEvent {
    pub(crate) id: String,
    /// Its name at the source.
    pub(crate) name: String,
    pub(crate) destination: Destination,
    /// A text in what arrives of it at its destination, and in nothing else.
    pub(crate) mark: String,
    /// Whether it must arrive: at the destination of the file's route. Elsewhere it may be ignored, but not parked.
    pub(crate) must_arrive: bool,
}

/// The samples, with ids and times that no earlier run has used.
///
/// # Errors
/// [`Error::Unexpected`] if a line of a file is no event.
pub(crate) fn samples(now: Timestamp) -> Result<Vec<Sample>, Error> {
    let mut samples = Vec::new();
    for route in Route::ALL {
        let lines: Vec<String> = file(route).1.lines().map(|line| dated(line, now)).collect();
        // Branch posts every event alone.
        let most = if route.source() == Source::Branch {
            1
        } else {
            lines.len()
        };
        for events in lines.chunks(most.max(1)) {
            samples.push(sample(route, events)?);
        }
    }
    Ok(samples)
}

/// A file of Braze Currents.
pub(crate) struct SampleFile {
    pub(crate) sample: Sample,
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// A Currents file with one event, whose id no earlier run has used.
pub(crate) fn sample_file(now: Timestamp) -> SampleFile {
    const EVENT_TYPE: &str = "users.messages.email.Click";
    const SCHEMA: &str = r#"{"type":"record","name":"Click","namespace":"dataexport.S3.inner.users.messages.email","fields":[{"name":"id","type":"string"},{"name":"time","type":"int"},{"name":"external_user_id","type":["null","string"],"default":null},{"name":"campaign_name","type":["null","string"],"default":null},{"name":"url","type":["null","string"],"default":null}]}"#;
    let id = format!("currents-file-{}", now.millis());
    let mut record = Vec::new();
    string(&mut record, &id);
    long(&mut record, now.millis() / 1000);
    for value in ["u-1001", "Winter Sale", "https://shop.example/sale"] {
        long(&mut record, 1);
        string(&mut record, value);
    }
    let mut file = Container::begin(SCHEMA, Codec::Null, [7; 16]);
    file.block(1, &record);
    let hour = now.to_string().get(..13).unwrap_or_default().replace('T', "-");
    let key = currents_file::key("currents/", EVENT_TYPE, &hour, now.millis().unsigned_abs());
    let event = SampleEvent {
        mark: id.clone(),
        id,
        name: EVENT_TYPE.to_owned(),
        destination: Destination::Segment,
        must_arrive: true,
    };
    SampleFile {
        sample: Sample {
            source: Source::Braze,
            title: format!("Braze Currents writes s3://{SAMPLE_BUCKET}/{key}"),
            headers: Vec::new(),
            body: String::new(),
            events: vec![event],
        },
        key,
        bytes: file.bytes,
    }
}

/// The `X-Signature` of a Segment request: over the first event of a batch alone, which is why a token goes beside it.
pub(crate) fn segment_signature(first_event: &str) -> String {
    // A key of any length is valid, so the error cannot come; an empty signature would be refused, and show.
    Hmac::<Sha1>::new_from_slice(SEGMENT_SHARED_SECRET.as_bytes())
        .map(|mac| hex(mac.chain_update(first_event).finalize().into_bytes()).collect())
        .unwrap_or_default()
}

/// An event of a file, as if it happened now.
fn dated(line: &str, now: Timestamp) -> String {
    let base: i64 = SAMPLE_SECONDS.parse().unwrap_or_default();
    let line = line.replace(SAMPLE_TIME, &now.to_string());
    let line = match number(&line) {
        Some(number) => {
            let offset = number.parse::<i64>().unwrap_or_default() - base * 1000;
            line.replace(number, &(now.millis() + offset).to_string())
        }
        None => line,
    };
    line.replace(
        &format!(":{SAMPLE_SECONDS},"),
        &format!(":{},", now.millis() / 1000),
    )
}

/// The number of a file's event: [`SAMPLE_SECONDS`] and three digits.
fn number(line: &str) -> Option<&str> {
    let mut places = line.match_indices(SAMPLE_SECONDS);
    places.find_map(|(place, _)| {
        let number = line.get(place..place + NUMBER_DIGITS)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
    })
}

/// The members by which an event is shown and found again.
#[derive(Deserialize)]
struct Named {
    #[serde(alias = "messageId")]
    id: String,
    #[serde(alias = "name", alias = "event_type")]
    event: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn sample(route: Route, lines: &[String]) -> Result<Sample, Error> {
    let (source, file) = (route.source(), file(route).0);
    let mut events = Vec::new();
    for line in lines {
        let named: Named = serde_json::from_str(line).map_err(|error| Error::Unexpected {
            operation: format!("reading {file}"),
            detail: error.to_string(),
        })?;
        let id = named.id;
        let name = named.event.or(named.kind).unwrap_or_default();
        for destination in Route::ALL.into_iter().filter(|other| other.source() == source) {
            let destination = destination.destination();
            events.push(SampleEvent {
                id: id.clone(),
                name: name.clone(),
                destination,
                mark: digits_at_end(&id).to_owned(),
                must_arrive: destination == route.destination(),
            });
        }
    }
    let mut headers = vec![("content-type", "application/json".to_owned())];
    let bearer = format!("Bearer {}", token(source));
    let (vendor, body) = match source {
        Source::Segment => {
            let signature = lines.first().map(|first| segment_signature(first));
            headers.push(("x-signature", signature.unwrap_or_default()));
            headers.push(("authorization", bearer));
            ("Segment", format!("[{}]", lines.join(",")))
        }
        Source::Braze => {
            headers.push(("braze-currents-version", "1".to_owned()));
            headers.push(("authorization", bearer));
            ("Braze Currents", format!(r#"{{"events":[{}]}}"#, lines.join(",")))
        }
        Source::Branch => {
            headers.push(("x-branch-auth", token(source).to_owned()));
            ("Branch", lines.concat())
        }
    };
    Ok(Sample {
        source,
        title: format!("{vendor} posts {file}"),
        headers,
        body,
        events,
    })
}

/// The number of an event at the end of its id.
fn digits_at_end(id: &str) -> &str {
    let start = id.len().saturating_sub(NUMBER_DIGITS);
    id.get(start..).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2027-05-01T08:00:00.000Z").unwrap()
    }

    #[test]
    fn the_signature_covers_the_first_event_as_in_the_body() {
        let samples = samples(now()).unwrap();
        let sample = samples.iter().find(|sample| sample.events.len() > 2).unwrap();
        let body = sample.body.strip_prefix('[').unwrap();
        let first = body.split(",{\"type\":\"track\"").next().unwrap();
        let header = sample.headers.iter().find(|(name, _)| *name == "x-signature");
        assert_eq!(header.unwrap().1, segment_signature(first));
    }

    #[test]
    fn every_route_has_a_sample_that_must_arrive() {
        let samples = samples(now()).unwrap();
        for route in Route::ALL {
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
    fn every_event_has_a_number_of_its_own_and_the_time_of_the_run() {
        let samples = samples(now()).unwrap();
        let all: String = samples.iter().map(|sample| sample.body.as_str()).collect();
        assert!(
            !all.contains(SAMPLE_TIME) && !all.contains(SAMPLE_SECONDS),
            "{all}"
        );
        for sample in &samples {
            serde_json::from_str::<serde::de::IgnoredAny>(&sample.body).unwrap();
            for event in &sample.events {
                let offset = event.mark.parse::<i64>().unwrap() - now().millis();
                assert!((1..1000).contains(&offset), "{}", event.mark);
                let other = samples.iter().filter(|other| other.title != sample.title);
                assert!(sample.body.contains(&event.id) && !event.name.is_empty());
                assert!(other.into_iter().all(|other| !other.body.contains(&event.mark)));
            }
        }
    }
}
