//! The fallback bucket, the schedule that empties it, and what outlives the stack.

use crate::evaluated::{Template, Value};
use crate::{TEMPLATE, function, template};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn the_bucket_is_encrypted_private_and_forgets_after_30_days() {
    event::rules!["RI-030", "RI-031", "RI-032"];
    let template = template();
    assert_eq!(template.of_type("AWS::S3::Bucket"), ["FallbackBucket"]);
    let bucket = template.resource("FallbackBucket");
    let properties = bucket.at("Properties");
    assert_eq!(properties.get("BucketName"), None, "a second stack has its own");
    let rules = properties
        .at("BucketEncryption.ServerSideEncryptionConfiguration")
        .items();
    let algorithm = rules[0].text("ServerSideEncryptionByDefault.SSEAlgorithm");
    assert_eq!((rules.len(), algorithm), (1, "AES256"));
    let access = properties.at("PublicAccessBlockConfiguration").entries();
    assert_eq!(access.len(), 4);
    assert!(access.iter().all(|(_, value)| *value == Value::Bool(true)));
    let rules = properties.at("LifecycleConfiguration.Rules").items();
    assert_eq!(rules.len(), 1);
    assert_eq!(
        (rules[0].int("ExpirationInDays"), rules[0].text("Status")),
        (30, "Enabled")
    );
    assert_eq!(rules[0].get("Prefix"), None, "all objects");

    let policy = template.resource("FallbackBucketPolicy");
    assert_eq!(policy.text("Properties.Bucket"), "FallbackBucket");
    let statements = policy.at("Properties.PolicyDocument.Statement").items();
    let [statement] = statements else {
        panic!("{statements:?}")
    };
    let words = ["Effect", "Principal", "Action"].map(|key| statement.text(key));
    assert_eq!(words, ["Deny", "*", "s3:*"]);
    let resources = statement.texts("Resource");
    assert_eq!(resources, ["FallbackBucket.Arn", "${FallbackBucket.Arn}/*"]);
    let condition = statement.at("Condition.Bool").entries();
    assert_eq!(condition, [("aws:SecureTransport".to_owned(), text("false"))]);
}

#[test]
fn one_rule_runs_the_reingest_every_minute() {
    event::rules!["RI-033", "RC-152"];
    let template = template();
    assert_eq!(template.of_type("AWS::Events::Rule"), ["ReingestRule"]);
    let rule = template.resource("ReingestRule");
    let properties = rule.at("Properties");
    let words = ["ScheduleExpression", "State"].map(|key| properties.text(key));
    assert_eq!(words, ["rate(1 minute)", "ENABLED"]);
    let [target] = properties.at("Targets").items() else {
        panic!("one target")
    };
    assert_eq!(target.text("Arn"), "ReceiveBranch.Arn");
    assert_eq!(target.text("Input"), r#"{"switchyard":"reingest"}"#);
    assert_eq!(target.int("RetryPolicy.MaximumRetryAttempts"), 0);
    let branch = function(&template, "receive-branch");
    assert_eq!(branch.int("Properties.EventInvokeConfig.MaximumRetryAttempts"), 0);
    let permission = template.resource("ReingestPermission");
    let expected = [
        ("FunctionName".to_owned(), text("ReceiveBranch.Arn")),
        ("Action".to_owned(), text("lambda:InvokeFunction")),
        ("Principal".to_owned(), text("events.amazonaws.com")),
        ("SourceArn".to_owned(), text("ReingestRule.Arn")),
    ];
    assert_eq!(permission.at("Properties").entries(), expected);
}

#[test]
fn what_waits_for_a_person_outlives_the_stack() {
    event::rules!["RI-046"];
    let template = Template::read(TEMPLATE, &[("BrazeFilesBucket", "acme-currents")]);
    for name in [
        "BrazeFilesDeadQueue",
        "ParkedQueue",
        "BrazeDeadQueue",
        "BranchDeadQueue",
        "SegmentDeadQueue",
        "FallbackBucket",
    ] {
        let resource = template.resource(name);
        assert_eq!(resource.text("DeletionPolicy"), "RetainExceptOnCreate", "{name}");
        assert_eq!(resource.text("UpdateReplacePolicy"), "Retain", "{name}");
        for fixed in ["QueueName", "BucketName"] {
            assert_eq!(resource.at("Properties").get(fixed), None, "{name}");
        }
    }
}
