//! Looks at everything. Each look that AWS refuses is written down, and the others go on.

mod aws;
mod deployed;

use std::cell::RefCell;
use std::collections::BTreeMap;

use event::settings::Settings;
use event::{Destination, Route, Source};
use futures_util::future::{join, join_all};

use super::Error;
use super::expected::{FUNCTIONS, QUEUES};
use super::facts::{Content, Facts, KeyState, SecretState, Waiting};
use super::keys::{Key, Vendors, client, read};
use super::log_lines::{LOOK_BACK_MS, waiting};
use crate::account::{self, DeployedStack};
use crate::wall_clock::now;

use self::deployed::Deployment;

/// How much of a refusal is shown.
const SHOWN: usize = 160;

/// Notes what cannot be looked at.
#[derive(Default)]
struct Unchecked(RefCell<BTreeMap<String, String>>);

impl Unchecked {
    /// The result of a look, or a note of why there is none.
    fn or_note<T>(&self, what: impl Into<String>, looked: Result<T, account::Error>) -> Option<T> {
        looked.map_err(|error| self.note(what, &error.to_string())).ok()
    }

    fn has(&self, what: &str) -> bool {
        self.0.borrow().contains_key(what)
    }

    fn note(&self, what: impl Into<String>, why: &str) {
        let first = why.lines().next().unwrap_or_default();
        let first: String = first.chars().take(SHOWN).collect();
        self.0.borrow_mut().entry(what.into()).or_insert(first);
    }
}

/// The facts about a stack. `settings` are the deployed ones; if they are not given, those of the layer are read.
pub(crate) async fn facts(stack: &DeployedStack, settings: Option<&Settings>) -> Result<Facts, Error> {
    let deployment = Deployment::read(stack).await?;
    let unchecked = Unchecked::default();
    let look = Look {
        stack,
        deployment: &deployment,
        unchecked: &unchecked,
    };
    let mut facts = Facts {
        stack: stack.name().to_owned(),
        region: stack.api().region().to_owned(),
        stack_status: deployment.status.clone(),
        ..Facts::default()
    };
    let mut text = None;
    if settings.is_none() {
        text = unchecked.or_note("settings", look.layer_settings().await);
    }
    let (settings, problems) = match (settings, &text) {
        (Some(settings), _) => (settings.clone(), Vec::new()),
        (None, text) => Settings::load_usable(text.as_deref().unwrap_or_default()),
    };
    facts.settings = problems.iter().map(ToString::to_string).collect();
    // Where the file cannot be read, its defaults are not what is deployed: nothing is said about them.
    if !unchecked.has("settings") {
        facts.settings.extend(addresses(&settings));
    }

    let ((urls, functions), (queues, waiting)) = join(
        join(look.urls(), look.functions()),
        join(look.queues(), look.waiting()),
    )
    .await;
    facts.urls = urls;
    facts.functions = functions;
    facts.queues = queues;
    facts.waiting = waiting;
    let ((secrets, keys), (event_sources, (alarms, quota))) = join(
        look.secrets(&settings),
        join(look.event_sources(), join(look.alarms(), look.quota())),
    )
    .await;
    facts.secrets = secrets;
    facts.keys = keys;
    facts.event_sources = event_sources;
    facts.alarms = alarms;
    facts.quota = quota;
    facts.unchecked = unchecked.0.into_inner();
    Ok(facts)
}

/// What is wrong with where the destinations are; that Braze is nowhere counts if something goes there.
fn addresses(settings: &Settings) -> Vec<String> {
    let mut problems = delivery::destinations::problems(settings);
    if settings.routes.is_on(Route::SegmentToBraze) && problems.is_empty() {
        problems.extend(delivery::destinations::braze::required_base_url(&settings.braze).err());
    }
    problems.iter().map(ToString::to_string).collect()
}

/// One look at a stack.
struct Look<'l> {
    stack: &'l DeployedStack,
    deployment: &'l Deployment,
    unchecked: &'l Unchecked,
}

impl Look<'_> {
    async fn urls(&self) -> Vec<super::facts::Url> {
        let sources = [
            (Source::Segment, "ReceiveSegmentUrl"),
            (Source::Braze, "ReceiveBrazeUrl"),
            (Source::Branch, "ReceiveBranchUrl"),
        ];
        let Some(client) = self.unchecked.or_note("urls", client()) else {
            return Vec::new();
        };
        let asked = sources.into_iter().filter_map(|(source, output)| {
            let url = self.deployment.outputs.get(output)?;
            let client = &client;
            Some(async move {
                let status = self.health(client, url).await;
                super::facts::Url { source, status }
            })
        });
        join_all(asked).await
    }

    /// The status of `GET /health` (RC-004).
    async fn health(&self, client: &reqwest::Client, url: &str) -> Option<u16> {
        let url = url.trim_end_matches('/');
        // An emulator has no name of its own for the URL: it tells by the header which function is meant.
        let request = match self.stack.api().endpoint() {
            None => client.get(format!("{url}/health")),
            Some(endpoint) => {
                let host = url.split("://").nth(1).unwrap_or_default();
                client.get(format!("{endpoint}/health")).header("host", host)
            }
        };
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    async fn functions(&self) -> Vec<super::facts::Function> {
        let looked = FUNCTIONS.iter().filter_map(|expected| {
            let id = self.deployment.physical_id(expected.logical_id)?;
            Some(async move {
                let found = self.configuration(id, expected).await;
                self.unchecked.or_note(expected.name, found)
            })
        });
        join_all(looked).await.into_iter().flatten().collect()
    }

    async fn event_sources(&self) -> Vec<super::facts::EventSource> {
        let looked = FUNCTIONS.iter().filter_map(|expected| {
            let source = expected.event_source?;
            let id = self.deployment.physical_id(expected.logical_id)?;
            Some(async move {
                let found = self.event_source(id, expected.name, source).await;
                self.unchecked
                    .or_note(format!("{}'s event source", expected.name), found)
            })
        });
        join_all(looked).await.into_iter().flatten().collect()
    }

    async fn queues(&self) -> Vec<super::facts::Queue> {
        let deployed: Vec<_> = QUEUES
            .iter()
            .filter_map(|expected| Some((expected, self.deployment.physical_id(expected.logical_id)?)))
            .collect();
        let ages = self.unchecked.or_note("ages", self.ages(&deployed).await);
        let ages = ages.unwrap_or_default();
        let looked = deployed.iter().map(|(expected, url)| {
            let oldest_s = ages.get(expected.name).copied();
            async move {
                let found = self.queue(url, expected, oldest_s).await;
                self.unchecked.or_note(format!("queue {}", expected.name), found)
            }
        });
        join_all(looked).await.into_iter().flatten().collect()
    }

    async fn waiting(&self) -> Vec<Waiting> {
        let at = now();
        let looked = Destination::ALL.map(|destination| async move {
            let function = destination.descriptor().function;
            let group = format!("/aws/lambda/{}-{function}", self.stack.name());
            let lines = self.record_lines(&group, at.millis() - LOOK_BACK_MS).await;
            let lines = self
                .unchecked
                .or_note(format!("log lines of {function}"), lines)?;
            Some(waiting(destination, lines.iter().map(String::as_str), at))
        });
        join_all(looked).await.into_iter().flatten().collect()
    }

    /// The secrets, and what the vendors say about the keys in them.
    async fn secrets(&self, settings: &Settings) -> (Vec<SecretState>, Vec<KeyState>) {
        let looked = FUNCTIONS.iter().filter_map(|expected| {
            let logical_id = format!("{}Secret", expected.logical_id);
            let secret_id = self.deployment.physical_id(&logical_id)?;
            Some(async move {
                let text = self.secret(secret_id).await;
                let text = self
                    .unchecked
                    .or_note(format!("secret of {}", expected.name), text)?;
                let (content, keys) = read(expected.name, &text);
                let state = SecretState {
                    function: expected.name,
                    secret_id: format!("{}/{}", self.stack.name(), expected.name),
                    is_needed: is_needed(expected.name, settings),
                    content,
                };
                Some((state, keys))
            })
        });
        let (states, keys): (Vec<SecretState>, Vec<Vec<Key>>) =
            join_all(looked).await.into_iter().flatten().unzip();
        let is_needed = |function: &str| {
            let state = states.iter().find(|state| state.function == function);
            state.is_some_and(|state| state.is_needed && state.content != Content::Empty)
        };
        let Some(vendors) = self.unchecked.or_note("keys", Vendors::new(settings)) else {
            return (states, Vec::new());
        };
        let asked = keys
            .iter()
            .flatten()
            .filter(|key| is_needed(key.function()))
            .map(|key| vendors.ask(key));
        let answers = join_all(asked).await.into_iter().flatten().collect();
        (states, answers)
    }
}

/// Whether a route that is on passes a function.
fn is_needed(function: &str, settings: &Settings) -> bool {
    Route::ALL
        .iter()
        .filter(|route| settings.routes.is_on(**route))
        .any(|route| {
            let receiver = format!("receive-{}", route.source());
            function == receiver || function == route.destination().descriptor().function
        })
}

#[cfg(test)]
mod tests;
