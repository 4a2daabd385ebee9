use super::*;
use crate::dispatch::Dispatcher;
use crate::fake_aws::FakeSecrets;
use crate::fake_vendor::{
    Fake, FakeVendor, Seen, deliver, deliver_within, dispatcher, item, job, respond, single, track, words,
};
use crate::http::NoResponse;
use event::envelope::Done;

mod answers;
mod bisect;
mod found;
mod pacing;

pub fn key(text: &str) -> String {
    format!(r#"{{"rest_api_key":"{text}"}}"#)
}

pub fn with_secrets(settings: settings::Braze, secrets: &FakeSecrets) -> Dispatcher<Braze, Fake> {
    let settings = Settings {
        braze: settings::Braze {
            instance: "US-10".to_owned(),
            ..settings
        },
        ..Settings::default()
    };
    dispatcher(&settings, secrets.clone())
}

/// A key that is another after a renewal.
pub fn renewed(next: &str) -> Dispatcher<Braze, Fake> {
    let secrets = FakeSecrets::new(&key("k-1"));
    secrets.store(next);
    with_secrets(settings::Braze::default(), &secrets)
}

pub fn messenger(settings: settings::Braze) -> Dispatcher<Braze, Fake> {
    with_secrets(settings, &FakeSecrets::new(&key("k-1")))
}

pub fn ok() -> Result<Response, NoResponse> {
    respond(201, &[], r#"{"message":"success"}"#)
}

/// Objects of a request, over all its arrays.
pub fn objects(seen: &Seen) -> usize {
    let arrays = seen.body.as_object().unwrap().values();
    arrays.filter_map(|value| Some(value.as_array()?.len())).sum()
}

pub fn identify(user: &str) -> BrazeCall {
    single(
        BrazeEndpoint::Identify { merge: true },
        BrazeArray::AliasesToIdentify,
        user,
    )
}
