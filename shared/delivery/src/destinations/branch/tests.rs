use super::*;
use crate::dispatch::Dispatcher;
use crate::fake_aws::FakeSecrets;
use crate::fake_vendor::{Fake, FakeVendor, after, deliver, deliver_within, dispatcher, job, respond, words};
use crate::http::NoResponse;

mod age;
mod answers;
mod breaker;
mod pacing;
mod requests;

pub fn key(text: &str) -> String {
    format!(r#"{{"branch_key":"{text}"}}"#)
}

pub fn with_secrets(settings: settings::Branch, secrets: &FakeSecrets) -> Dispatcher<Branch, Fake> {
    let settings = Settings {
        branch: settings,
        ..Settings::default()
    };
    dispatcher(&settings, secrets.clone())
}

/// Keys that are others after a renewal.
pub fn renewed(settings: settings::Branch, next: &str) -> Dispatcher<Branch, Fake> {
    let secrets = FakeSecrets::new(&key("key_live_1"));
    secrets.store(next);
    with_secrets(settings, &secrets)
}

pub fn messenger(settings: settings::Branch) -> Dispatcher<Branch, Fake> {
    with_secrets(settings, &FakeSecrets::new(&key("key_live_1")))
}

/// One request at a time.
pub fn one_by_one() -> settings::Branch {
    settings::Branch {
        concurrency: 1,
        ..settings::Branch::default()
    }
}

pub fn ok() -> Result<Response, NoResponse> {
    respond(200, &[], "")
}

pub fn login(user: &str) -> BranchCall {
    BranchCall {
        endpoint: BranchEndpoint::Standard,
        body: format!(r#"{{"name":"LOGIN","user_data":{{"developer_identity":"{user}"}}}}"#),
        ip: Some("203.0.113.9".to_owned()),
        timestamp: None,
        user: Some(UserKey::new("developer_identity", user)),
    }
}

/// An event of a user of its own.
pub fn event(id: &str) -> Job<BranchCall> {
    job(id, vec![login(id)])
}

pub fn events(count: usize) -> Vec<Job<BranchCall>> {
    (0..count).map(|n| event(&format!("e{n}"))).collect()
}
