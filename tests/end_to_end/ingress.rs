//! `Ingress=HttpApi`: the vendors send to API Gateway's HTTP APIs, and all arrives as through Function URLs.

use event::Source;
use sandbox::Vendor;

use crate::page::example;
use crate::system::System;

#[tokio::test]
async fn events_come_in_through_http_apis() {
    event::rules!["RC-001", "RI-049"];
    let system = System::start_with("", &[("Ingress", "HttpApi")]).await;
    for source in [Source::Segment, Source::Braze, Source::Branch] {
        let url = system.stack.url(source).unwrap();
        assert!(url.contains("/execute-api/"), "{url}");
    }
    let identify = r#"{"type":"identify","messageId":"i-1","userId":"u-1","traits":{"plan":"pro"}}"#;
    system.segment_sends(&[identify]).await;
    system
        .branch_sends(&example("branch-to-segment.md", "812340077312456702").event)
        .await;
    let without_token = system.post(Source::Branch, "", &[], "{}").await;
    assert_eq!(without_token.status, 401, "{}", without_token.body);
    system.at_rest("sent").await;
    assert_eq!(system.sandbox.accepted(Vendor::Braze).len(), 1);
    assert_eq!(system.sandbox.accepted(Vendor::Segment).len(), 1);
    system.assert_nothing_lost();

    let doctor = system.switchyard(&["doctor"]);
    let screen = String::from_utf8_lossy(&doctor.stdout);
    assert!(screen.contains("3 of 3 URLs answer"), "{screen}");
    assert!(screen.contains("nothing to do"), "{screen}");
}
