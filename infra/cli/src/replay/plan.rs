//! What is made of one parked message or dead letter (RD-190, RD-191). No I/O.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use currents::message::{Cause, Work};
use event::envelope::{
    Content as ParkedContent, Envelope, FilePart, Head, OpenError, Parked, Pending, sendable,
};
use event::ports::{CALL_BYTES, QueueName};
use event::reasons::ParkReason;
use event::settings::Settings;
use event::{Destination, Source, Timestamp};

use crate::waiting::{Content, Waiting};

/// How long Segment is sure to know a `messageId` (RD-152: a day or so).
const SEGMENT_KNOWS_MS: i64 = 24 * 3600 * 1000;
/// How the names of the functions begin that deliver.
const DELIVERERS: &str = "deliver-";

/// What is to be done with a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Send these, then delete it.
    Send(Vec<Message>),
    /// Leave it where it is.
    Stay(Stay),
}

/// A message for the queue of a destination or of Currents files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) to: QueueName,
    pub(crate) body: String,
    /// The message group, on a queue that two routes fill (RC-093).
    pub(crate) group: Option<Source>,
    /// Whether Segment may have taken some of it, and forgotten its ids by now.
    pub(crate) may_count_twice: bool,
}

impl Message {
    /// What tells it from other messages, whenever it is replayed: whom it is for, its request and its events.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match Envelope::open(&self.body) {
            Ok(envelope) => {
                (envelope.head.destination, envelope.head.request_id).hash(&mut hasher);
                let events = envelope.events.iter();
                events.for_each(|event| event.get().hash(&mut hasher));
            }
            // A part of a file.
            Err(_) => self.body.hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// Why a message stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stay {
    /// It cannot be read, still.
    Unreadable,
    /// It was written by a newer version.
    Newer,
    /// Branch would date it by its arrival.
    TooLate,
    /// No route that is on leads anywhere.
    NoRoute,
    /// No message takes it.
    TooLarge,
    /// Its content was an object in the fallback bucket, which is gone.
    ObjectGone,
    /// This run has sent it: it came back, and would for ever.
    ParkedAgain,
}

impl Stay {
    /// The reason, with the remedy.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "still unreadable (see them with `switchyard parked --show`)",
            Self::Newer => "written by a newer version (update this command)",
            Self::TooLate => "too late for Branch (raise [branch] max_age to send them)",
            Self::NoRoute => "without a route that is on (see [routes])",
            Self::TooLarge => "too large for a message",
            Self::ParkedAgain => {
                "parked again after this replay had sent them (see why with `switchyard parked`)"
            }
            Self::ObjectGone => {
                "without their object in the fallback bucket, which keeps objects for 30 days (or without the right to read it)"
            }
        }
    }
}

/// Decides on one message; `object` is what the fallback bucket holds of it.
pub(crate) fn plan(waiting: Waiting<'_>, object: Option<&[u8]>, now: Timestamp, settings: &Settings) -> Plan {
    let planned = match waiting.content {
        Content::Unreadable(error) => Err(of_open_error(error)),
        Content::DeadLetter(envelope) => replayed(*envelope, now, settings),
        Content::DeadFile(body) => Ok(vec![of_file(body.to_owned(), now)]),
        Content::Parked(parked) => of_parked(&parked, object, now, settings),
    };
    match planned.and_then(|messages| checked(messages, now, settings)) {
        Ok(messages) => Plan::Send(messages),
        Err(stay) => Plan::Stay(stay),
    }
}

/// A message before the checks that hold for all.
struct Draft {
    to: QueueName,
    source: Source,
    first_received_at: Timestamp,
    body: String,
    /// Whether a deliverer had it before.
    was_delivered: bool,
}

fn of_open_error(error: OpenError) -> Stay {
    match error {
        OpenError::Unreadable => Stay::Unreadable,
        OpenError::Newer => Stay::Newer,
    }
}

fn of_file(body: String, now: Timestamp) -> Draft {
    Draft {
        to: QueueName::BrazeFiles,
        source: Source::Braze,
        first_received_at: now,
        body,
        was_delivered: false,
    }
}

/// The message that has a parked part of a file read again (CF-089).
fn of_part(part: &FilePart<'_>) -> Work {
    let owned = |text: &Cow<'_, str>| text.clone().into_owned();
    let mut work = Work::whole(owned(&part.bucket), owned(&part.key));
    work.etag = part.etag.as_ref().map(owned);
    (work.offset, work.skip) = (part.offset, part.skip);
    (work.to, work.count) = (part.to, part.count);
    work.cause = Some(Cause::Replay);
    work
}

/// An envelope as new, with what is done of it, if its route is on: its deliverer would ignore it.
fn replayed(mut envelope: Envelope<'_>, now: Timestamp, settings: &Settings) -> Result<Vec<Draft>, Stay> {
    let mut on = settings.routes.destinations(envelope.head.source);
    if !on.any(|destination| destination == envelope.head.destination) {
        return Err(Stay::NoRoute);
    }
    envelope.head.attempt = 0;
    envelope.head.not_before = None;
    envelope.head.held_at = None;
    envelope.head.replayed_at = Some(now);
    Ok(vec![Draft {
        to: QueueName::Destination(envelope.head.destination),
        source: envelope.head.source,
        first_received_at: envelope.head.first_received_at,
        body: envelope.to_body(),
        was_delivered: true,
    }])
}

fn of_parked(
    parked: &Parked<'_>,
    object: Option<&[u8]>,
    now: Timestamp,
    settings: &Settings,
) -> Result<Vec<Draft>, Stay> {
    let bytes = match &parked.content {
        // One event alone: it is there because no message takes it (RC-096).
        ParkedContent::Object(_) if parked.reason == ParkReason::EventTooLarge => return Err(Stay::TooLarge),
        ParkedContent::Object(_) => {
            let object = object.ok_or(Stay::ObjectGone)?;
            match Pending::open(object) {
                // What a run over the bucket has set aside holds its request's body (RC-157).
                Ok(pending) => STANDARD
                    .decode(pending.body_base64)
                    .map_err(|_| Stay::Unreadable)?,
                Err(_) => object.to_vec(),
            }
        }
        ParkedContent::File(part) => return Ok(vec![of_file(of_part(part).to_body(), now)]),
        ParkedContent::Event(event) => {
            return each_destination(parked, now, settings, |head| {
                let mut envelope = Envelope::new(head.clone(), vec![*event]);
                envelope.done = parked.done.clone().map(Some).into_iter().collect();
                Some(vec![envelope.to_body()])
            });
        }
        ParkedContent::BodyBase64(text) => STANDARD.decode(text).map_err(|_| Stay::Unreadable)?,
    };
    // A deliverer parks a message that is no envelope; a receiver parks a request's body.
    if parked.by.starts_with(DELIVERERS) {
        let text = std::str::from_utf8(&bytes).map_err(|_| Stay::Unreadable)?;
        let envelope = Envelope::open(text).map_err(of_open_error)?;
        return replayed(envelope, now, settings);
    }
    each_destination(parked, now, settings, |head| {
        receipt::reopen(head, &bytes, &settings.receipt)
    })
}

/// Makes messages for the destination of a parked message; for all that are on, if it was parked at receipt for all.
fn each_destination(
    parked: &Parked<'_>,
    now: Timestamp,
    settings: &Settings,
    bodies: impl Fn(&Head<'_>) -> Option<Vec<String>>,
) -> Result<Vec<Draft>, Stay> {
    let (Some(source), Some(request_id), Some(first_received_at), Some(auth), Some(key)) = (
        parked.source,
        parked.request_id.as_deref(),
        parked.first_received_at,
        parked.auth,
        parked.key,
    ) else {
        return Err(Stay::Unreadable);
    };
    let on: Vec<Destination> = settings
        .routes
        .destinations(source)
        .filter(|on| parked.destination.is_none_or(|own| own == *on))
        .collect();
    if on.is_empty() {
        return Err(Stay::NoRoute);
    }
    let mut drafts = Vec::new();
    for destination in on {
        let head = Head {
            source,
            destination,
            request_id: Cow::Borrowed(request_id),
            first_received_at,
            attempt: 0,
            auth,
            key,
            not_before: None,
            replayed_at: Some(now),
            held_at: None,
        };
        let bodies = bodies(&head).ok_or(Stay::Unreadable)?;
        drafts.extend(bodies.into_iter().map(|body| Draft {
            to: QueueName::Destination(destination),
            source,
            first_received_at,
            body,
            was_delivered: parked.by.starts_with(DELIVERERS),
        }));
    }
    Ok(drafts)
}

/// What holds for every message. An event that is for Branch and others goes to all: the deliverer parks it again if it is too
/// late for Branch.
fn checked(drafts: Vec<Draft>, now: Timestamp, settings: &Settings) -> Result<Vec<Message>, Stay> {
    let max_age = i64::try_from(settings.branch.max_age.as_millis()).unwrap_or(i64::MAX);
    let is_late = |draft: &Draft| {
        draft.to == QueueName::Destination(Destination::Branch)
            && now.millis_since(draft.first_received_at) > max_age
    };
    if !drafts.is_empty() && drafts.iter().all(is_late) {
        return Err(Stay::TooLate);
    }
    let messages = drafts.into_iter().map(|draft| Message {
        to: draft.to,
        group: match draft.to {
            QueueName::Destination(destination) => settings.routes.group(draft.source, destination),
            QueueName::BrazeFiles | QueueName::Parked => None,
        },
        may_count_twice: draft.was_delivered
            && draft.to == QueueName::Destination(Destination::Segment)
            && now.millis_since(draft.first_received_at) > SEGMENT_KNOWS_MS,
        body: sendable(&draft.body).into_owned(),
    });
    let messages: Vec<Message> = messages.collect();
    if messages.iter().any(|message| message.body.len() > CALL_BYTES) {
        return Err(Stay::TooLarge);
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Received;

    const BRAZE: QueueName = QueueName::Destination(Destination::Braze);
    const RECEIVED: &str = "2026-03-01T12:00:00.000Z";
    const EVENT: &str = r#"{"type":"track","messageId":"m-1","price":1.50}"#;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn parked(by: &str, source: &str, destination: &str, rest: &str) -> String {
        format!(
            r#"{{"v":1,"reason":"rejected","by":"{by}","at":"{RECEIVED}","source":"{source}","destination":{destination},"request_id":"r-1","first_received_at":"{RECEIVED}","attempt":3,"auth":"token","key":"older",{rest}}}"#
        )
    }

    fn planned(body: &str, is_dead_letter: bool, now: &str, settings: &str) -> Plan {
        with_object(body, is_dead_letter, None, now, settings)
    }

    fn with_object(
        body: &str,
        is_dead_letter: bool,
        object: Option<&[u8]>,
        now: &str,
        settings: &str,
    ) -> Plan {
        let settings = Settings::load(settings).unwrap();
        let message = Received::test(body);
        plan(
            Waiting::open(&message, is_dead_letter, &settings),
            object,
            at(now),
            &settings,
        )
    }

    fn messages(plan: Plan) -> Vec<Message> {
        match plan {
            Plan::Send(messages) => messages,
            Plan::Stay(stay) => panic!("{}", stay.as_str()),
        }
    }

    #[test]
    fn a_parked_event_goes_to_its_destination_as_new_with_its_marks() {
        event::rules!["RD-190", "RD-044"];
        let rest = format!(r#""done":[{{"of":2,"items":[0]}}],"event":{EVENT}"#);
        let body = parked("deliver-braze", "segment", "\"braze\"", &rest);
        let sent = messages(planned(&body, false, "2026-03-05T00:00:00.000Z", ""));
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].to, sent[0].group), (BRAZE, None));
        assert_eq!(
            sent[0].body,
            format!(
                r#"{{"v":1,"source":"segment","destination":"braze","request_id":"r-1","first_received_at":"{RECEIVED}","attempt":0,"auth":"token","key":"older","replayed_at":"2026-03-05T00:00:00.000Z","done":[{{"of":2,"items":[0]}}],"events":[{EVENT}]}}"#
            )
        );
    }

    #[test]
    fn an_event_parked_at_receipt_goes_to_every_route_that_is_on() {
        event::rules!["RD-190"];
        let body = parked(
            "receive-segment",
            "segment",
            "null",
            &format!(r#""event":{EVENT}"#),
        );
        let to = |settings: &str| match planned(&body, false, "2026-03-01T12:10:00.000Z", settings) {
            Plan::Send(messages) => messages.into_iter().map(|message| message.to).collect::<Vec<_>>(),
            Plan::Stay(stay) => {
                assert_eq!(stay, Stay::NoRoute);
                Vec::new()
            }
        };
        assert_eq!(to(""), [BRAZE, QueueName::Destination(Destination::Branch)]);
        assert_eq!(to("[routes]\nsegment_to_branch = false\n"), [BRAZE]);
        assert!(to("[routes]\nsegment_to_branch = false\nsegment_to_braze = false\n").is_empty());
    }

    #[test]
    fn a_parked_body_is_read_again_and_stays_if_it_cannot_be() {
        event::rules!["RD-191"];
        let of = |by, bytes: &str| {
            let rest = format!(r#""body_base64":"{}""#, STANDARD.encode(bytes));
            planned(
                &parked(by, "segment", "null", &rest),
                false,
                "2026-03-01T12:10:00.000Z",
                "",
            )
        };
        let sent = messages(of("receive-segment", &format!("[{EVENT},{EVENT}]")));
        assert_eq!(sent.len(), 2, "one message for each destination");
        for message in &sent {
            let envelope = Envelope::open(&message.body).unwrap();
            assert_eq!((envelope.events.len(), envelope.events[0].get()), (2, EVENT));
        }
        // What one queue refused is for that destination alone.
        let rest = format!(r#""body_base64":"{}""#, STANDARD.encode(EVENT));
        let refused = parked("receive-segment", "segment", "\"braze\"", &rest);
        let sent = messages(planned(&refused, false, RECEIVED, ""));
        assert_eq!((sent.len(), sent[0].to), (1, BRAZE));
        let off = "[routes]\nsegment_to_braze = false\n";
        assert_eq!(planned(&refused, false, RECEIVED, off), Plan::Stay(Stay::NoRoute));
        let rest = format!(r#""body_base64":"{}""#, STANDARD.encode(dead_letter("braze")));
        let whole = parked("deliver-braze", "segment", "\"braze\"", &rest);
        assert_eq!(planned(&whole, false, RECEIVED, off), Plan::Stay(Stay::NoRoute));
        let of_branch = parked("receive-branch", "branch", "null", &rest);
        let off = "[routes]\nbranch_to_segment = false\n";
        assert_eq!(
            planned(&of_branch, false, RECEIVED, off),
            Plan::Stay(Stay::NoRoute)
        );
        assert_eq!(of("receive-segment", "no JSON"), Plan::Stay(Stay::Unreadable));
        assert_eq!(of("deliver-braze", "{"), Plan::Stay(Stay::Unreadable));
        assert_eq!(of("deliver-braze", r#"{"v":2}"#), Plan::Stay(Stay::Newer));
        let envelope = messages(of("deliver-braze", &dead_letter("braze")));
        assert_eq!(envelope[0].to, BRAZE);
    }

    fn dead_letter(destination: &str) -> String {
        format!(
            r#"{{"v":1,"source":"segment","destination":"{destination}","request_id":"r-1","first_received_at":"{RECEIVED}","attempt":480,"auth":"token","key":"current","not_before":"{RECEIVED}","done":[null,{{"of":1,"items":[0]}}],"events":[{EVENT},7]}}"#
        )
    }

    #[test]
    fn a_dead_letter_goes_back_as_an_envelope() {
        event::rules!["RD-191"];
        let sent = messages(planned(
            &dead_letter("braze"),
            true,
            "2026-03-02T00:00:00.000Z",
            "",
        ));
        let envelope = Envelope::open(&sent[0].body).unwrap();
        assert_eq!((envelope.head.attempt, envelope.head.not_before), (0, None));
        assert_eq!(envelope.head.replayed_at, Some(at("2026-03-02T00:00:00.000Z")));
        assert_eq!((envelope.done.len(), envelope.events[1].get()), (2, "7"));
        assert_eq!(planned("{", true, RECEIVED, ""), Plan::Stay(Stay::Unreadable));
        let off = "[routes]\nsegment_to_braze = false\n";
        let dead = dead_letter("braze");
        assert_eq!(planned(&dead, true, RECEIVED, off), Plan::Stay(Stay::NoRoute));
    }

    #[test]
    fn what_is_too_late_for_branch_stays_unless_max_age_was_raised() {
        event::rules!["RD-190"];
        let late = |now, settings| planned(&dead_letter("branch"), true, now, settings);
        assert!(matches!(late("2026-03-01T13:00:00.000Z", ""), Plan::Send(_)));
        assert_eq!(late("2026-03-01T13:00:00.001Z", ""), Plan::Stay(Stay::TooLate));
        let raised = "[branch]\nmax_age = \"2h\"\n";
        assert!(matches!(late("2026-03-01T13:00:00.001Z", raised), Plan::Send(_)));
    }

    #[test]
    fn a_replay_has_a_group_where_two_routes_fill_its_queue() {
        event::rules!["RC-093"];
        let body = parked("receive-branch", "branch", "null", &format!(r#""event":{EVENT}"#));
        let group = |settings| messages(planned(&body, false, RECEIVED, settings))[0].group;
        assert_eq!(group(""), Some(Source::Branch));
        assert_eq!(group("[routes]\nbraze_to_segment = false"), None);
    }

    #[test]
    fn what_segment_may_have_forgotten_is_marked() {
        event::rules!["RD-190"];
        let event = r#""event":{"id":"1","name":"OPEN"}"#;
        let marked = |by, destination: &str, now: &str| {
            messages(planned(&parked(by, "branch", destination, event), false, now, ""))[0].may_count_twice
        };
        assert!(!marked(
            "deliver-segment",
            "\"segment\"",
            "2026-03-02T12:00:00.000Z"
        ));
        assert!(marked(
            "deliver-segment",
            "\"segment\"",
            "2026-03-02T12:00:00.001Z"
        ));
        assert!(
            !marked("receive-branch", "null", "2026-03-09T12:00:00.000Z"),
            "never sent"
        );
    }

    #[test]
    fn a_parked_object_is_read_again_as_its_body() {
        event::rules!["RD-191", "RC-157", "RC-171"];
        let parked = |reason: &str| {
            parked(
                "receive-branch",
                "branch",
                "null",
                r#""object":"branch/parked/r-1""#,
            )
            .replace("rejected", reason)
        };
        let of =
            |reason: &str, object: Option<&[u8]>| with_object(&parked(reason), false, object, RECEIVED, "");
        let pending = format!(
            r#"{{"v":1,"request_id":"r-1","first_received_at":"{RECEIVED}","content_encoding":null,"body_base64":"{}","auth":{{"state":"deferred","digests":[]}}}}"#,
            STANDARD.encode(EVENT)
        );
        for object in [EVENT, &pending] {
            let sent = messages(of("unreadable_body", Some(object.as_bytes())));
            let envelope = Envelope::open(&sent[0].body).unwrap();
            assert_eq!((sent.len(), envelope.events[0].get()), (1, EVENT));
        }
        for (reason, object, stay) in [
            ("unreadable_body", Some(&b"no JSON"[..]), Stay::Unreadable),
            ("unreadable_body", None, Stay::ObjectGone),
            ("event_too_large", Some(EVENT.as_bytes()), Stay::TooLarge),
        ] {
            assert_eq!(of(reason, object), Plan::Stay(stay));
        }
    }

    #[test]
    fn parked_parts_and_dead_files_go_to_the_files_queue() {
        event::rules!["CF-089", "RI-046"];
        let part = r#""file":{"bucket":"b","key":"currents/x.avro","etag":"9b2c","size":9,"offset":7,"skip":2,"to":9,"count":3}"#;
        let body = parked("read-braze-files", "braze", "null", part).replace("rejected", "file_damaged");
        let sent = messages(planned(&body, false, RECEIVED, ""));
        let work = r#"{"v":1,"bucket":"b","key":"currents/x.avro","etag":"9b2c","offset":7,"skip":2,"to":9,"count":3,"cause":"replay","attempt":0}"#;
        assert_eq!((sent[0].to, sent[0].body.as_str()), (QueueName::BrazeFiles, work));
        let sent = messages(planned(work, true, "2026-03-11T12:00:00.000Z", ""));
        assert_eq!((sent[0].to, sent[0].body.as_str()), (QueueName::BrazeFiles, work));
        assert!(!sent[0].may_count_twice);
    }

    #[test]
    fn what_no_message_takes_stays() {
        let large = format!(r#""event":"{}""#, "x".repeat(CALL_BYTES));
        let large = parked("receive-segment", "segment", "null", &large);
        assert_eq!(planned(&large, false, RECEIVED, ""), Plan::Stay(Stay::TooLarge));
        let unknown = format!(r#"{{"v":1,"reason":"rejected","by":"x","at":"{RECEIVED}","event":7}}"#);
        assert_eq!(
            planned(&unknown, false, RECEIVED, ""),
            Plan::Stay(Stay::Unreadable)
        );
    }
}
