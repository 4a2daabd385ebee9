//! Braze, Branch and Segment as destinations: what they take, refuse, and fail to answer.

use crate::container::{Function, Outside};
use crate::events::{Mark, marks_in};
use crate::faults::Fault;
use crate::ledger::item_text;
use crate::world::{SECOND_MS, World, place_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use delivery::http::{Http, NoResponse, Request, Response};
use event::Destination;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Vendors {
    /// The requests that each has got, by the second.
    pub seconds: RefCell<BTreeMap<(Destination, i64), u32>>,
    pub requests: Cell<u64>,
    /// When each item came for the first time.
    pub firsts: RefCell<Vec<First>>,
    /// Until when a destination wants nothing of an event, by what it answered.
    not_before: RefCell<BTreeMap<(Destination, Mark), i64>>,
    /// The requests under way of each user.
    under_way: RefCell<BTreeMap<User, u32>>,
    /// The last place of an event of each user that was accepted.
    last_place: RefCell<BTreeMap<User, usize>>,
}

/// Whose calls go one after the other: an invocation, a person, and the record.
type User = (u64, String, usize);

/// An item that a destination takes for the first time.
pub struct First {
    pub to: Destination,
    pub at: i64,
}

/// One item of a request, as the vendor counts it.
struct Item {
    array: String,
    index: usize,
    text: String,
}

fn respond(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        cut: false,
    }
}

fn with_header(mut response: Response, name: &str, value: String) -> Response {
    response.headers.push((name.to_owned(), value));
    response
}

/// The items of a request: elements of arrays, and at Branch the body.
fn items(destination: Destination, body: &Value) -> Vec<Item> {
    if destination == Destination::Branch {
        let (array, text) = (String::new(), item_text(body.clone()));
        return vec![Item {
            array,
            index: 0,
            text,
        }];
    }
    let members = body.as_object().into_iter().flatten();
    let arrays = members.filter_map(|(name, value)| Some((name, value.as_array()?)));
    arrays
        .flat_map(|(name, values)| {
            values.iter().enumerate().map(|(index, value)| Item {
                array: name.clone(),
                index,
                text: item_text(value.clone()),
            })
        })
        .collect()
}

impl Http for Outside {
    async fn send(&self, request: Request) -> Result<Response, NoResponse> {
        let Function::Deliver(destination) = self.function else {
            panic!("a receiver sends no request");
        };
        let timeout_ms = i64::try_from(request.timeout_ms).unwrap();
        let answer = self
            .world
            .within(timeout_ms, self.exchange(destination, request))
            .await;
        answer.unwrap_or(Err(NoResponse::Timeout))
    }

    async fn warm(&self, _: &str) {
        self.world.travel().await;
    }
}

impl Outside {
    async fn exchange(&self, destination: Destination, request: Request) -> Result<Response, NoResponse> {
        let world = &self.world;
        world.travel().await;
        if world.is_within(Fault::F72, place_of(destination)) || world.chance.strikes(Fault::F72) {
            let no_response = world
                .chance
                .pick(&[NoResponse::Dns, NoResponse::Connect, NoResponse::Tls]);
            world.trace(|| format!("{destination} cannot be reached: {}", no_response.as_str()));
            return Err(no_response);
        }
        if self.hangs_on_dead_connection() {
            self.is_connection_dead.set(false);
            return Err(NoResponse::Reset);
        }
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let is_authentic = is_authentic(destination, &world.valid_key(destination), &request, &body);
        let items = items(destination, &body);
        let marks = marks_in(&request.body);
        let users = self.users_of(&items);
        world.vendors.arrive(world, destination, &marks, &users);
        world.time.sleep(world.chance.between(5, 300)).await;
        let (response, accepted) = world.answer(destination, &items, &marks, is_authentic);
        for user in &users {
            *world
                .vendors
                .under_way
                .borrow_mut()
                .entry(user.clone())
                .or_default() -= 1;
        }
        world.trace(|| {
            let marks: Vec<String> = marks.iter().map(ToString::to_string).collect();
            format!("{destination} answers {} to {}", response.status, marks.join(" "))
        });
        if !accepted.is_empty() {
            self.check_order(&items, &accepted);
            // Until the answer is there, the deliverer may have to send it again.
            world.ledger.excuse(destination, &marks, 1);
            if world.chance.strikes(Fault::F69) {
                return lost(world).await;
            }
            world.travel().await;
            world.ledger.excuse(destination, &marks, -1);
            let items = accepted.iter().filter_map(|place| items.get(*place));
            self.accepted
                .borrow_mut()
                .extend(items.flat_map(|item| marks_in(&item.text)));
        }
        // What a broken answer would have said of items that are refused, nobody can know (SB-537).
        let names_refused = String::from_utf8_lossy(&response.body).contains("errors");
        if !names_refused && world.chance.strikes(Fault::F84) {
            return self.broken(response, destination, &marks).await;
        }
        Ok(response)
    }

    /// The user of an event within this invocation and its record, if it is in one alone.
    fn user_of(&self, mark: Mark, item: &str) -> Option<User> {
        let record = self.records.borrow().get(&mark).copied().flatten()?;
        Some((self.invocation.get(), person(item), record))
    }

    /// The users of the events in a request.
    fn users_of(&self, items: &[Item]) -> Vec<User> {
        let mut users = Vec::new();
        for item in items {
            let user = marks_in(&item.text)
                .into_iter()
                .filter_map(|mark| self.user_of(mark, &item.text));
            users.extend(user);
        }
        users.sort();
        users.dedup();
        users
    }

    /// RD-146: what is accepted of one user's events of one envelope comes in their order.
    fn check_order(&self, items: &[Item], accepted: &[usize]) {
        let world = &self.world;
        let mut of_request: BTreeMap<User, (usize, usize)> = BTreeMap::new();
        for item in accepted.iter().filter_map(|place| items.get(*place)) {
            for mark in marks_in(&item.text) {
                let (Some(user), Mark(_, place)) = (self.user_of(mark, &item.text), mark) else {
                    continue;
                };
                let (first, last) = of_request.entry(user).or_insert((place, place));
                (*first, *last) = ((*first).min(place), (*last).max(place));
            }
        }
        for (user, (first, last)) in of_request {
            let mut last_place = world.vendors.last_place.borrow_mut();
            let before = last_place.get(&user).copied();
            world
                .ledger
                .check(before.is_none_or(|before| before <= first), || {
                    format!("calls of {user:?} overtake: {first} after {before:?}")
                });
            last_place.insert(user, last.max(before.unwrap_or_default()));
        }
    }

    /// An answer that is cut off, or that never ends: what it says counts as far as it came.
    async fn broken(
        &self,
        response: Response,
        destination: Destination,
        marks: &[Mark],
    ) -> Result<Response, NoResponse> {
        if self.world.chance.one_in(2) {
            self.world.ledger.excuse(destination, marks, 1);
            return lost(&self.world).await;
        }
        let body = vec![b'x'; 10_000];
        Ok(Response {
            body,
            cut: true,
            ..response
        })
    }
}

/// An answer that does not come: the connection ends, or nothing is heard.
async fn lost(world: &World) -> Result<Response, NoResponse> {
    if world.chance.one_in(2) {
        std::future::pending::<()>().await;
    }
    Err(world
        .chance
        .pick(&[NoResponse::Reset, NoResponse::TooLarge, NoResponse::Headers]))
}

/// The person that an item is of.
fn person(item: &str) -> String {
    let found = item.split("person-").nth(1);
    found.map_or_else(String::new, |rest| rest.chars().take(1).collect())
}

fn is_authentic(destination: Destination, key: &str, request: &Request, body: &Value) -> bool {
    let wanted = match destination {
        Destination::Branch => return body["branch_key"] == key,
        Destination::Braze => format!("Bearer {key}"),
        Destination::Segment => format!("Basic {}", STANDARD.encode(format!("{key}:"))),
    };
    let given = request.authorization.as_ref();
    given.is_some_and(|given| given.lend(|given| given == wanted))
}

impl Vendors {
    fn arrive(&self, world: &World, destination: Destination, marks: &[Mark], users: &[User]) {
        let now = world.time.now();
        self.requests.set(self.requests.get() + 1);
        *self
            .seconds
            .borrow_mut()
            .entry((destination, now / SECOND_MS))
            .or_default() += 1;
        for mark in marks {
            let not_before = self.not_before.borrow().get(&(destination, *mark)).copied();
            // Another message with the same event knows nothing of the answer.
            if !world.ledger.is_excused(destination, *mark) {
                world.ledger.check(not_before.is_none_or(|at| now >= at), || {
                    format!("{mark} comes to {destination} before {not_before:?} (RD-063)")
                });
            }
        }
        for user in users {
            let mut under_way = self.under_way.borrow_mut();
            let count = under_way.entry(user.clone()).or_default();
            *count += 1;
            let count = *count;
            world.ledger.check(count == 1, || {
                format!("{count} requests at once with calls of {user:?}")
            });
        }
    }
}

impl World {
    /// What a destination answers, and which items it takes.
    fn answer(
        &self,
        destination: Destination,
        items: &[Item],
        marks: &[Mark],
        is_authentic: bool,
    ) -> (Response, Vec<usize>) {
        let place = place_of(destination);
        if self.is_within(Fault::F71, place) || self.chance.strikes(Fault::F71) {
            let status = self.chance.pick(&[500, 502, 503, 504, 529]);
            return (respond(status, "<html>"), Vec::new());
        }
        if self.is_within(Fault::F76, place) {
            let moved = with_header(respond(302, ""), "location", "https://example.net/".to_owned());
            return (moved, Vec::new());
        }
        if !is_authentic {
            let refused = match destination {
                Destination::Branch => respond(400, r#"{"error":{"message":"Authentication failed"}}"#),
                Destination::Braze | Destination::Segment => respond(401, r#"{"message":"Invalid API key"}"#),
            };
            return (refused, Vec::new());
        }
        if self.chance.strikes(Fault::F70) {
            return (self.rate_limited(destination, marks), Vec::new());
        }
        let poisoned: Vec<usize> = places(items, |item| item.text.contains("poison"));
        let good = places(items, |item| !item.text.contains("poison"));
        if poisoned.is_empty() {
            self.take(destination, items, &good);
            return (accepted(destination), good);
        }
        if destination == Destination::Braze && self.chance.one_in(2) {
            self.chance.note(Fault::F74);
            let named = poisoned.iter().filter_map(|place| items.get(*place));
            let errors: Vec<Value> = named
                .map(
                    |item| serde_json::json!({"type": "bad", "input_array": item.array, "index": item.index}),
                )
                .collect();
            self.take(destination, items, &good);
            let body = serde_json::json!({"message": "success", "errors": errors}).to_string();
            return (respond(201, &body), good);
        }
        (respond(400, r#"{"message":"bad request"}"#), Vec::new())
    }

    fn take(&self, destination: Destination, items: &[Item], places: &[usize]) {
        for item in places.iter().filter_map(|place| items.get(*place)) {
            if self.ledger.accepts(destination, &item.text) {
                let first = First {
                    to: destination,
                    at: self.time.now(),
                };
                self.vendors.firsts.borrow_mut().push(first);
            }
        }
    }

    /// A 429 with one of the hints that are in use.
    fn rate_limited(&self, destination: Destination, marks: &[Mark]) -> Response {
        let seconds = self.chance.pick(&[1, 7, 45, 240]);
        let now = self.timestamp().millis() / SECOND_MS;
        let limited = respond(429, "");
        let (response, seconds) = match self.chance.place(5) {
            0 => (with_header(limited, "retry-after", seconds.to_string()), seconds),
            1 => {
                let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs((now + seconds) as u64);
                let date = httpdate::fmt_http_date(at);
                // A date has no milliseconds.
                (with_header(limited, "retry-after", date), seconds - 1)
            }
            2 if destination != Destination::Branch => {
                let at = (now + seconds).to_string();
                (with_header(limited, "x-ratelimit-reset", at), seconds - 1)
            }
            3 => (with_header(limited, "retry-after", "soon".to_owned()), 0),
            // Beyond what is obeyed: 5 min at Branch, 1 h elsewhere.
            4 => (with_header(limited, "retry-after", "999999".to_owned()), 300),
            _ => (limited, 0),
        };
        let until = self.time.now() + seconds * SECOND_MS;
        let mut not_before = self.vendors.not_before.borrow_mut();
        for mark in marks {
            not_before.insert((destination, *mark), until);
        }
        response
    }
}

fn places(items: &[Item], is: impl Fn(&Item) -> bool) -> Vec<usize> {
    (0..items.len()).filter(|place| is(&items[*place])).collect()
}

fn accepted(destination: Destination) -> Response {
    match destination {
        Destination::Braze => respond(201, r#"{"message":"success"}"#),
        Destination::Branch => respond(200, "{}"),
        Destination::Segment => respond(200, r#"{"success":true}"#),
    }
}
