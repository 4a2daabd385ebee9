use super::*;
use crate::fixture::{
    BASE, FixedKeys, Seen, World, answer, deliver, deliver_within, item, job, single, track, words,
};
use event::calls::BrazeItem;
use event::envelope::Done;
use event::settings::OnItemError;

mod answers;
mod bisect;
mod found;
mod pacing;

pub type Messenger = BrazeMessenger<FixedKeys<BrazeKey>>;

pub fn key(text: &str) -> BrazeKey {
    BrazeKey {
        rest_api_key: Some(Secret::new(text.to_owned())),
    }
}

pub fn messenger(settings: Braze) -> Messenger {
    BrazeMessenger::new(settings, BASE.to_owned(), FixedKeys::new(Some(key("k-1"))))
}

pub fn ok() -> Result<Answer, NoAnswer> {
    answer(201, &[], r#"{"message":"success"}"#)
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
