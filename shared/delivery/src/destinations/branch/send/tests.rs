use super::*;
use crate::fixture::{BASE, FixedKeys, World, after, answer, deliver, deliver_within, job, words};
use event::calls::BranchEndpoint;
use telemetry::Secret;

mod age;
mod answers;
mod pacing;
mod requests;

pub type Messenger = BranchMessenger<FixedKeys<BranchKey>>;

pub fn key(text: &str) -> BranchKey {
    BranchKey {
        branch_key: Some(Secret::new(text.to_owned())),
    }
}

/// Keys that are others after a renewal.
pub fn renewed(settings: Branch, next: BranchKey) -> Messenger {
    let branch = messenger(settings);
    *branch.keys.next.borrow_mut() = Some(std::rc::Rc::new(next));
    branch
}

pub fn messenger(settings: Branch) -> Messenger {
    BranchMessenger::new(settings, BASE.to_owned(), FixedKeys::new(Some(key("key_live_1"))))
}

/// One request at a time.
pub fn one_by_one() -> Branch {
    Branch {
        concurrency: 1,
        ..Branch::default()
    }
}

pub fn ok() -> Result<Answer, NoAnswer> {
    answer(200, &[], "")
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
