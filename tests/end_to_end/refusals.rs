//! Who cannot prove who they are gets 401, and nothing of theirs is queued.

use event::Source;

use crate::senders::{currents, segment_body, signature};
use crate::system::{BRANCH_TOKEN, BRAZE_TOKEN, SEGMENT_TOKEN, System};

const MISSING: &str = "missing_credential";
const WRONG: &str = "wrong_credential";

fn track(id: &str) -> String {
    format!(
        r#"{{"type":"track","messageId":"{id}","userId":"u-1","event":"Kettle Boiled","timestamp":"2026-02-03T10:00:00Z"}}"#
    )
}

fn open(id: &str) -> String {
    format!(
        r#"{{"event_type":"users.messages.email.Open","id":"{id}","time":1770112800,"user":{{"external_user_id":"u-1"}},"properties":{{}}}}"#
    )
}

fn install(id: &str) -> String {
    format!(
        r#"{{"name":"INSTALL","id":"{id}","attributed":true,"timestamp":1770112800000,"user_data":{{"developer_identity":"u-1"}}}}"#
    )
}

#[tokio::test]
async fn whoever_proves_nothing_is_refused_and_queues_nothing() {
    let system = System::start("").await;
    let (event, other) = (track("forged"), track("unproven"));
    let batch = segment_body(&[&event, &other]);
    let (of_event, of_batch) = (signature(&event), signature(&batch));
    let bearer = |token: &str| format!("Bearer {token}");
    let (segment, braze, branch) = (bearer(SEGMENT_TOKEN), bearer(BRAZE_TOKEN), bearer(BRANCH_TOKEN));
    let opens = currents(&[open("forged")]);
    let installed = install("forged");
    // Source, path, headers, body, the answer's status word.
    type Forged<'a> = (Source, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let forged: &[Forged<'_>] = &[
        (Source::Segment, "", &[], &event, MISSING),
        (
            Source::Segment,
            "",
            &[("x-signature", &of_batch), ("authorization", &segment)],
            &event,
            WRONG,
        ),
        // A signature of the whole batch is none of its first event.
        (
            Source::Segment,
            "",
            &[("x-signature", &of_batch), ("authorization", &segment)],
            &batch,
            WRONG,
        ),
        (
            Source::Segment,
            "",
            &[("x-signature", &of_event)],
            &batch,
            "tail_unproven",
        ),
        (
            Source::Segment,
            "",
            &[("x-signature", &of_event), ("authorization", &braze)],
            &batch,
            "tail_unproven",
        ),
        (Source::Braze, "", &[], &opens, MISSING),
        (Source::Braze, "", &[("authorization", &segment)], &opens, WRONG),
        (Source::Braze, "", &[("authorization", &segment)], "", WRONG),
        (Source::Branch, "", &[], &installed, MISSING),
        (
            Source::Branch,
            "?token=nobody",
            &[("x-branch-auth", &branch)],
            &installed,
            WRONG,
        ),
    ];
    for (source, path, headers, body, status) in forged {
        let reply = system.post(*source, path, headers, body).await;
        // The signature proves the owner of a batch without its token: Segment keeps what is answered 503.
        let code = if *status == "tail_unproven" { 503 } else { 401 };
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (code, format!(r#"{{"status":"{status}"}}"#).as_str()),
            "{source:?} with {path:?} {headers:?}: {body}"
        );
    }

    // Whatever had been queued before these would be through when these are.
    system.segment_sends(&[track("m-1")]).await;
    system.braze_sends(&currents(&[open("c-1")])).await;
    system.branch_sends(&install("91")).await;
    system.assert_ended(&[]).await;
    assert_eq!(
        system.outcomes().await,
        [
            "deliver-branch m-1 delivered",
            "deliver-braze m-1 delivered",
            "deliver-segment 91 delivered",
            "deliver-segment c-1 delivered",
        ]
    );
    assert_eq!(system.sandbox.items().len(), 4);
}
