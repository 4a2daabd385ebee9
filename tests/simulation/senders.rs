//! Segment, Braze Currents and Branch as senders: how they prove themselves, how long they wait, and what they send again
//! (`reliability.md`, 4.1).

use crate::START_MS;
use crate::chance::Chance;
use crate::events::{self, Event, Mark};
use crate::faults::Fault;
use crate::ledger::never_repeats;
use crate::world::{HOUR_MS, MINUTE_MS, SECOND_MS, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::{Destination, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, KeyInit, Mac};
use receipt::Request;
use sha1::Sha1;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// A request that a sender will send.
pub struct Planned {
    pub number: usize,
    pub source: Source,
    /// Milliseconds after the start.
    pub at: i64,
    pub events: Vec<String>,
    pub kind: Kind,
    pub form: Form,
}

/// Whether a request is as its sender means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Good,
    /// Nothing proves the sender of it, or of a part of it.
    Forged(Forgery),
    /// Its sender is proved, and its body cannot be read.
    Broken(Break),
    /// Nothing, to see whether the key is good.
    Probe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    WrongKey,
    NoCredential,
    TailBehindSignature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    GzipCutOff,
    UnknownEncoding,
    NoJson,
    NoUtf8,
}

/// How the bytes travel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form {
    is_base64: bool,
    is_gzip: bool,
    has_odd_headers: bool,
    has_odd_signature: bool,
    is_sent_again: bool,
}

/// Draws the requests of a world.
pub fn plan(chance: &Chance) -> Vec<Planned> {
    let count = 3 + chance.place(8);
    (0..count).map(|number| planned(chance, number)).collect()
}

fn planned(chance: &Chance, number: usize) -> Planned {
    let source = chance.pick(&[Source::Segment, Source::Segment, Source::Braze, Source::Branch]);
    let at = chance.between(0, 3 * HOUR_MS);
    let kind = kind(chance, source);
    let most = if chance.strikes(Fault::F26) { 40 } else { 4 };
    let count = match (source, kind) {
        (Source::Branch, _) => 1,
        (_, Kind::Forged(Forgery::TailBehindSignature)) => 3,
        _ => 1 + chance.place(most),
    };
    let is_in_batch = count > 1 || source == Source::Braze;
    let event = |place| events::draw(chance, source, Mark(number, place), is_in_batch, START_MS + at);
    let form = Form {
        is_base64: chance.strikes(Fault::F03),
        is_gzip: chance.one_in(4),
        has_odd_headers: chance.strikes(Fault::F07),
        has_odd_signature: chance.strikes(Fault::F13),
        is_sent_again: chance.strikes(Fault::F14),
    };
    Planned {
        number,
        source,
        at,
        events: (0..count).map(event).collect(),
        kind,
        form,
    }
}

/// A request of so many events that is as its sender means it.
pub fn good(chance: &Chance, number: usize, source: Source, at: i64, count: usize) -> Planned {
    let event = |place| events::draw(chance, source, Mark(number, place), false, START_MS + at);
    Planned {
        number,
        source,
        at,
        events: (0..count).map(event).collect(),
        kind: Kind::Good,
        form: Form::default(),
    }
}

fn kind(chance: &Chance, source: Source) -> Kind {
    let of = |fault, kind| chance.strikes(fault).then_some(kind);
    let tail = Kind::Forged(Forgery::TailBehindSignature);
    let drawn = [
        of(Fault::F18, Kind::Forged(Forgery::WrongKey)),
        of(Fault::F08, Kind::Forged(Forgery::NoCredential)),
        of(Fault::F11, tail).filter(|_| source == Source::Segment),
        of(Fault::F04, Kind::Broken(Break::GzipCutOff)),
        of(Fault::F06, Kind::Broken(Break::UnknownEncoding)),
        of(Fault::F21, Kind::Broken(Break::NoJson)),
        of(Fault::F23, Kind::Broken(Break::NoUtf8)),
        of(Fault::F20, Kind::Probe),
    ];
    drawn.into_iter().flatten().next().unwrap_or(Kind::Good)
}

impl Planned {
    /// The body as the sender writes it.
    fn body(&self) -> Vec<u8> {
        let events = self.events.join(",");
        let body = match (self.kind, self.source) {
            (Kind::Probe, _) => return Vec::new(),
            (Kind::Broken(Break::NoJson), _) => {
                return format!("{{\"events\": mk-{}-0", self.number).into_bytes();
            }
            (Kind::Broken(Break::NoUtf8), _) => {
                return [
                    format!("{{\"id\":\"mk-{}-0 ", self.number).as_bytes(),
                    &[0xff, 0xfe],
                    b"\"}",
                ]
                .concat();
            }
            (_, Source::Segment) if self.events.len() > 1 => format!("[{events}]"),
            (_, Source::Braze) => format!("{{\"events\":[{events}]}}"),
            _ => events,
        };
        body.into_bytes()
    }

    /// What Segment signs of a body: the first element of an array, else all.
    fn signed<'b>(&'b self, body: &'b [u8]) -> &'b [u8] {
        match self.kind {
            Kind::Broken(Break::NoJson | Break::NoUtf8) | Kind::Probe => body,
            _ if self.events.len() > 1 => self.events[0].as_bytes(),
            _ => body,
        }
    }

    /// The request, by a key, as the Function URL hands it over.
    fn request(&self, key: &str, id: String) -> Request {
        let body = self.body();
        let mut headers = self.credentials(key, &body);
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let mut bytes = body;
        if self.form.is_gzip || self.kind == Kind::Broken(Break::GzipCutOff) {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
            bytes = gzip(&bytes);
        }
        match self.kind {
            Kind::Broken(Break::GzipCutOff) => bytes.truncate(bytes.len() - 6),
            Kind::Broken(Break::UnknownEncoding) => {
                headers.retain(|(name, _)| name != "content-encoding");
                headers.push(("content-encoding".to_owned(), "br".to_owned()));
            }
            _ => {}
        }
        if self.form.has_odd_headers {
            headers
                .iter_mut()
                .for_each(|(name, _)| *name = name.to_uppercase());
            headers.push(("x-odd".to_owned(), "Zoë".to_owned()));
        }
        let text = String::from_utf8(bytes);
        let is_base64 = self.form.is_base64 || text.is_err();
        Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            raw_query: String::new(),
            headers,
            source_ip: "203.0.113.9".parse().ok(),
            request_id: id,
            body: match text {
                Ok(text) if !is_base64 => text,
                Ok(text) => STANDARD.encode(text),
                Err(error) => STANDARD.encode(error.as_bytes()),
            },
            is_base64,
        }
    }

    fn credentials(&self, key: &str, body: &[u8]) -> Vec<(String, String)> {
        let key = match self.kind {
            Kind::Forged(Forgery::NoCredential) => {
                return vec![("authorization".to_owned(), "Zoë".to_owned())];
            }
            Kind::Forged(Forgery::WrongKey) => "key-of-a-stranger",
            _ => key,
        };
        let token = format!("Bearer token-{key}");
        let named = |name: &str, value: String| (name.to_owned(), value);
        match self.source {
            Source::Braze => vec![
                named("authorization", token),
                named("braze-currents-version", "1".to_owned()),
            ],
            Source::Branch => vec![named("x-branch-auth", format!("token-{key}"))],
            Source::Segment => {
                let mut hmac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
                hmac.update(self.signed(body));
                let digits: String = event::hex(hmac.finalize().into_bytes()).collect();
                let digits = match self.form.has_odd_signature {
                    true => format!("sha1={}", digits.to_uppercase()),
                    false => digits,
                };
                let mut headers = vec![named("x-signature", digits)];
                if self.kind != Kind::Forged(Forgery::TailBehindSignature) {
                    headers.push(named("authorization", token));
                }
                headers
            }
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Two members, since senders may write as many as they like.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let members = [first, second].map(|part| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    });
    members.concat()
}

/// How long a sender waits for an answer, in milliseconds.
const fn patience_ms(source: Source) -> i64 {
    match source {
        Source::Segment => 5 * SECOND_MS,
        Source::Braze => 10 * SECOND_MS,
        Source::Branch => 2 * SECOND_MS,
    }
}

/// Whether the sender sends again what was answered so; `None` is no answer in time. `first` is the first attempt.
fn is_repeated(source: Source, status: Option<u16>, is_first: bool, age_ms: i64) -> bool {
    match (source, status) {
        (_, Some(200..=299)) => false,
        (Source::Segment, Some(408 | 423 | 429 | 502..=599 | 500) | None) => age_ms < 4 * HOUR_MS,
        (Source::Braze, Some(400 | 401 | 403 | 413)) => false,
        (Source::Braze, _) => age_ms < 120 * HOUR_MS,
        (Source::Branch, None) => is_first,
        _ => false,
    }
}

/// The answer to one attempt, if it comes in time.
struct Attempt {
    status: Option<u16>,
    body: String,
    id: String,
}

impl World {
    /// Notes what a request's events are, before it is sent.
    pub fn expect(&self, planned: &Planned) {
        for (place, text) in planned.events.iter().enumerate() {
            let mark = Mark(planned.number, place);
            match planned.kind {
                Kind::Good => {
                    let (source, request, text) = (planned.source, planned.number, text.clone());
                    let event = Event {
                        source,
                        request,
                        text,
                    };
                    self.ledger.events.borrow_mut().insert(mark, event);
                }
                Kind::Forged(_) => {
                    self.ledger.forged.borrow_mut().insert(mark);
                }
                Kind::Broken(_) | Kind::Probe => {}
            }
        }
    }

    /// Sends a request until its sender has done with it.
    pub async fn send_planned(self: Rc<Self>, planned: Planned) {
        self.time.until(planned.at).await;
        let marks: Vec<Mark> = (0..planned.events.len())
            .map(|place| Mark(planned.number, place))
            .collect();
        let mut wait_ms = 10 * SECOND_MS;
        let mut again = planned.form.is_sent_again;
        for attempt in 0.. {
            if attempt > 0 {
                // The one before may have been queued.
                self.ledger.excuse_everywhere(&marks, 1);
            }
            let answered = self.attempt(&planned, attempt).await;
            self.judge_answer(&planned, &answered);
            let age_ms = self.time.now() - planned.at;
            let is_repeated = is_repeated(planned.source, answered.status, attempt == 0, age_ms);
            if !is_repeated && !std::mem::take(&mut again) {
                break;
            }
            self.time.sleep(self.chance.between(wait_ms / 2, wait_ms)).await;
            wait_ms = (wait_ms * 2).min(20 * MINUTE_MS);
        }
    }

    /// One attempt. The function goes on, whether its sender waits or not.
    async fn attempt(self: &Rc<Self>, planned: &Planned, attempt: usize) -> Attempt {
        let id = format!("r{}-{attempt}", planned.number);
        let nothing = Attempt {
            status: None,
            body: String::new(),
            id: id.clone(),
        };
        if self.chance.strikes(Fault::F29) {
            self.lose(planned);
            return Attempt {
                status: Some(429),
                ..nothing
            };
        }
        let request = planned.request(&self.sender_key(planned.source), id.clone());
        let (answer, answered) = (
            Rc::new(RefCell::new(None)),
            Rc::new(crate::time::Signal::default()),
        );
        let (world, source) = (Rc::clone(self), planned.source);
        let (slot, signal) = (Rc::clone(&answer), Rc::clone(&answered));
        let changed = answered.changed();
        self.time.spawn(async move {
            let received = world.receive(source, request).await;
            // Lambda answers 502 for a container that has crashed.
            let (status, body) = received.map_or((502, String::new()), |answer| (answer.status, answer.body));
            slot.replace(Some((status, body)));
            signal.notify();
        });
        self.within(patience_ms(planned.source), changed).await;
        let answer = answer.take();
        self.trace(|| {
            let status = answer.as_ref().map_or(0, |(status, _)| *status);
            format!("{} sends {id}, {:?}: {status}", planned.source, planned.kind)
        });
        match answer {
            None => {
                self.lose(planned);
                nothing
            }
            Some((502, _)) => {
                self.lose(planned);
                Attempt {
                    status: Some(502),
                    ..nothing
                }
            }
            Some((status, body)) => Attempt {
                status: Some(status),
                body,
                id,
            },
        }
    }

    /// What struck this request may be more than its sender's patience: only Branch does not repeat.
    fn lose(&self, planned: &Planned) {
        if never_repeats(planned.source) {
            self.ledger.may_be_lost.borrow_mut().insert(planned.number);
        }
    }

    fn judge_answer(&self, planned: &Planned, answered: &Attempt) {
        let Some(status) = answered.status else { return };
        let is_taken = (200..300).contains(&status);
        let say = |text: &str| {
            format!(
                "{} {:?}: {status} {} {text}",
                answered.id, planned.kind, answered.body
            )
        };
        match planned.kind {
            Kind::Good | Kind::Probe => {
                let is_refused = matches!(status, 400..=428 | 430..=499);
                self.ledger
                    .check(!is_refused, || say("an authentic request is refused"));
                if is_taken {
                    self.ledger.taken.borrow_mut().insert(planned.number);
                }
                // Branch loses what is answered so, and both reasons say so: no key is stored, or S3 is away as well.
                let has_no_way = answered.body.contains("unconfigured") || self.is_within_any(Fault::F44);
                if has_no_way && !is_taken {
                    self.lose(planned);
                }
            }
            // A token that nobody can judge now is kept, and judged later.
            Kind::Forged(Forgery::WrongKey) if planned.source == Source::Branch => {}
            Kind::Forged(_) => self.ledger.check(!is_taken, || say("a forged request is taken")),
            Kind::Broken(_) => {
                if is_taken {
                    self.ledger.kept_whole.borrow_mut().push(answered.id.clone());
                }
            }
        }
    }

    /// Puts into the queues and the bucket what no function of ours writes.
    pub async fn litter(self: Rc<Self>) {
        use event::ports::QueueName;
        self.time.sleep(self.chance.between(0, HOUR_MS)).await;
        let destination = self.chance.pick(&Destination::ALL);
        let queue = QueueName::Destination(destination);
        let now = self.time.now();
        if self.chance.strikes(Fault::F61) {
            let body = self.chance.pick(&["{", "7", "[]", "{\"v\":1}"]);
            self.sqs.put(queue, body, now, 0, 0);
            self.ledger.owed_parked.borrow_mut().push("unreadable_message");
        }
        if self.chance.strikes(Fault::F62) {
            let other = if destination == Destination::Braze {
                "branch"
            } else {
                "braze"
            };
            let body = format!(
                r#"{{"v":1,"source":"segment","destination":"{other}","request_id":"x","first_received_at":"2026-03-01T12:00:00.000Z","attempt":0,"auth":"token","key":"current","events":[7]}}"#
            );
            self.sqs.put(queue, &body, now, 0, 0);
            self.ledger.owed_parked.borrow_mut().push("misrouted");
        }
        if self.chance.strikes(Fault::F47) {
            self.sqs.put(queue, r#"{"v":2,"other":true}"#, now, 0, 0);
            self.ledger.owed_parked.borrow_mut().push("unknown_version");
        }
        if self.chance.strikes(Fault::F46) {
            let key = format!("{}2026-03-01T12:00:00.000Z-x.json", crate::s3::PENDING);
            self.bucket.objects.borrow_mut().insert(key, b"{\"v\":1".to_vec());
            self.changed.notify();
            self.ledger.owed_parked.borrow_mut().push("unreadable_body");
        }
    }
}
