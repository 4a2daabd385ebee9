//! A stack, and the sandbox that it delivers to.

use std::path::PathBuf;
use std::process::{Command, Output};

use sandbox::{Keys, Received, Sandbox, Vendor};
use switchyard::local::{Plan, Stack, local_settings};
use switchyard::terminal::Silent;

use crate::json;
use crate::local_stack::program;
use event::json::Json;

/// The settings as they are deployed.
const SETTINGS: &str = include_str!("../../infra/settings/switchyard.toml");

/// What Segment signs with.
pub const SHARED_SECRET: &str = "quay-lantern-01";
/// What Segment presents beside its signature.
pub const SEGMENT_TOKEN: &str = "tail-7Q";
/// What Braze presents.
pub const BRAZE_TOKEN: &str = "0p3n-lamp";
/// What Branch presents.
pub const BRANCH_TOKEN: &str = "tok-branch-9f2c";

const BRAZE_KEY: &str = "braze-key-1";
const BRANCH_KEY: &str = "key_live_e2e";
const WRITE_KEY: &str = "write-key-1";

/// The running system.
pub struct System {
    /// The deployed template.
    pub stack: Stack,
    /// The vendors, as destinations.
    pub sandbox: Sandbox,
}

/// The keys that the sandbox takes, with this one for Braze.
pub fn keys(braze: &str) -> Keys {
    Keys {
        braze_rest_api_key: braze.to_owned(),
        branch_key: BRANCH_KEY.to_owned(),
        segment_write_keys: vec![WRITE_KEY.to_owned()],
    }
}

/// Settings with the sandbox as every destination and `overrides` laid over them.
fn settings(base: &str, sandbox: &Sandbox, overrides: &str) -> String {
    let played = |destination| (destination, sandbox.url());
    let destinations = event::Destination::ALL.map(played).into();
    local_settings(base, &destinations, overrides).unwrap()
}

/// The vendors, and a plan whose settings have them as destinations.
fn planned(overrides: &str, parameters: &[(&str, &str)]) -> (Sandbox, Plan) {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sandbox = Sandbox::start(keys(BRAZE_KEY)).unwrap();
    let plan = Plan {
        settings: settings(SETTINGS, &sandbox, overrides),
        evaluate_iam: true,
        parameters: parameters.iter().map(own).collect(),
        ..Plan::default()
    };
    (sandbox, plan)
}

impl System {
    /// Starts it with the deployed settings and these laid over them.
    pub async fn start(overrides: &str) -> Self {
        Self::start_with(overrides, &[]).await
    }

    /// The same with parameters of the template.
    pub async fn start_with(overrides: &str, parameters: &[(&str, &str)]) -> Self {
        let (sandbox, plan) = planned(overrides, parameters);
        let stack = Stack::start(&plan, &mut Silent).await.unwrap();
        let system = Self { stack, sandbox };
        system.store_keys().await;
        system
    }

    /// Starts it with nothing deployed and no key stored.
    pub async fn start_empty() -> Self {
        let (sandbox, plan) = planned("", &[]);
        let stack = Stack::start_empty(&plan, &mut Silent).await.unwrap();
        Self { stack, sandbox }
    }

    /// These settings with the sandbox as every destination.
    pub fn settings_with_sandbox(&self, base: &str) -> String {
        settings(base, &self.sandbox, "")
    }

    /// Stores what every function needs.
    pub async fn store_keys(&self) {
        let tokens = |token| format!(r#"{{"tokens":["{token}"]}}"#);
        for (function, secret) in [
            (
                "receive-segment",
                format!(r#"{{"shared_secrets":["{SHARED_SECRET}"],"tokens":["{SEGMENT_TOKEN}"]}}"#),
            ),
            ("receive-braze", tokens(BRAZE_TOKEN)),
            ("receive-branch", tokens(BRANCH_TOKEN)),
            ("deliver-branch", format!(r#"{{"branch_key":"{BRANCH_KEY}"}}"#)),
            ("deliver-segment", format!(r#"{{"write_key":"{WRITE_KEY}"}}"#)),
        ] {
            self.stack.store_secret(function, &secret).await.unwrap();
        }
        self.store_braze_key(BRAZE_KEY).await;
    }

    /// Deploys the settings once more, with these laid over them, and returns the file.
    pub async fn change_settings(&self, overrides: &str) -> PathBuf {
        let settings = settings(SETTINGS, &self.sandbox, overrides);
        self.stack.deploy_settings(&settings).await.unwrap();
        self.stack.folder().join("switchyard.toml")
    }

    /// Runs the `switchyard` command against the stack.
    pub fn switchyard(&self, arguments: &[&str]) -> Output {
        Command::new(program())
            .args(arguments)
            .envs(self.stack.environment())
            .env_remove("AWS_PROFILE")
            .output()
            .unwrap()
    }

    /// Stores the key that deliver-braze presents from now on.
    pub async fn store_braze_key(&self, key: &str) {
        let secret = format!(r#"{{"rest_api_key":"{key}"}}"#);
        self.stack.store_secret("deliver-braze", &secret).await.unwrap();
    }

    /// The requests to a vendor after the first `known` ones of all.
    pub fn requests_after(&self, known: usize, vendor: Vendor) -> Vec<Received> {
        let mut requests = self.sandbox.requests().split_off(known);
        requests.retain(|request| request.vendor == vendor);
        requests
    }

    /// Asserts that the vendors took whole what they got, but for what scripts refused.
    pub fn assert_nothing_lost(&self) {
        let (discarded, impaired) = (self.sandbox.discarded(), self.sandbox.impaired());
        assert!(discarded.is_empty(), "answered 200 and lost: {discarded:#?}");
        assert!(impaired.is_empty(), "taken in part: {impaired:#?}");
    }
}

/// Asserts that two JSON texts are the same: members in any order, numbers by their text.
#[track_caller]
pub fn assert_same(step: &str, wanted: &str, got: &str) {
    let difference = json::difference(parsed(step, wanted), parsed(step, got));
    if let Some(difference) = difference {
        panic!("{step}: {difference}\nwanted {wanted}\ngot    {got}");
    }
}

fn parsed<'a>(step: &str, text: &'a str) -> Json<'a> {
    Json::parse(text).unwrap_or_else(|error| panic!("{step}: {error}: {text}"))
}

/// The text at a JSON pointer: of a string its content, of all else its JSON.
pub fn text_at(text: &str, pointer: &str) -> Option<String> {
    let found = json::at(Json::parse(text).ok()?, pointer)?;
    let content = found.as_str().map(|content| content.into_owned());
    Some(content.unwrap_or_else(|| found.raw().to_owned()))
}
