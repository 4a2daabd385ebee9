//! Segment, Braze and Branch as they send.

use event::{Source, hex};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use switchyard::local::Reply;

use crate::system::{BRANCH_TOKEN, BRAZE_TOKEN, SEGMENT_TOKEN, SHARED_SECRET, System};

const OK: &str = r#"{"status":"ok"}"#;

/// Segment's signature, over the first event of a batch alone.
pub fn signature(first_event: &str) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(SHARED_SECRET.as_bytes()).unwrap();
    hex(mac.chain_update(first_event).finalize().into_bytes()).collect()
}

/// A body as Segment's webhook makes it: one event alone, several as an array.
pub fn segment_body(events: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = events.iter().map(AsRef::as_ref).collect();
    match texts.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("[{}]", many.join(",")),
    }
}

impl System {
    /// Posts as Segment does; all must be taken.
    pub async fn segment_sends(&self, events: &[impl AsRef<str>]) {
        let signature = signature(events[0].as_ref());
        let bearer = format!("Bearer {SEGMENT_TOKEN}");
        let headers = [("x-signature", signature.as_str()), ("authorization", &bearer)];
        let reply = self
            .post(Source::Segment, "", &headers, &segment_body(events))
            .await;
        assert_eq!((reply.status, reply.body.as_str()), (200, OK));
    }

    /// Posts a body as Braze Currents does; it must be taken.
    pub async fn braze_sends(&self, body: &str) {
        let bearer = format!("Bearer {BRAZE_TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("braze-currents-version", "1"),
        ];
        self.taken(Source::Braze, "", &headers, body).await;
    }

    /// Posts an event as Branch does; it must be taken.
    pub async fn branch_sends(&self, event: &str) {
        let path = format!("?token={BRANCH_TOKEN}");
        self.taken(Source::Branch, &path, &[], event).await;
    }

    async fn taken(&self, source: Source, path: &str, headers: &[(&str, &str)], body: &str) {
        let reply = self.post(source, path, headers, body).await;
        if (reply.status, reply.body.as_str()) != (200, OK) {
            let function = format!("receive-{source}");
            let lines = self.stack.log_lines(&function).await.unwrap();
            panic!(
                "{function} answers {} {}:\n{}",
                reply.status,
                reply.body,
                lines.join("\n")
            );
        }
    }

    /// Posts anything.
    pub async fn post(&self, source: Source, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let body = body.as_bytes().to_vec();
        self.stack.post(source, path, headers, body).await.unwrap()
    }
}

/// A Currents body.
pub fn currents(events: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = events.iter().map(AsRef::as_ref).collect();
    format!(r#"{{"events":[{}]}}"#, texts.join(","))
}
