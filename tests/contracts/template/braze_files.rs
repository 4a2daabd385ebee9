//! What is deployed to read Currents files, and that nothing is without a bucket (`currents-files.md`, section 12).

use crate::TEMPLATE;
use crate::evaluated::{STACK, Template, Value};

const BUCKET: &str = "acme-currents";

fn deployed(more: &[(&str, &str)]) -> Template {
    let mut overrides = vec![("BrazeFilesBucket", BUCKET)];
    overrides.extend(more);
    Template::read(TEMPLATE, &overrides)
}

fn names(template: &Template) -> Vec<&str> {
    let entries = template.section("Resources").entries();
    entries.iter().map(|(name, _)| name.as_str()).collect()
}

fn texts(values: &[&str]) -> Value {
    Value::List(
        values
            .iter()
            .map(|value| Value::Text((*value).to_owned()))
            .collect(),
    )
}

#[test]
fn without_a_bucket_nothing_is_deployed() {
    event::rules!["CF-120"];
    let without = Template::read(TEMPLATE, &[]);
    let with = deployed(&[]);
    let own: Vec<_> = names(&with)
        .into_iter()
        .filter(|name| !names(&without).contains(name))
        .collect();
    assert_eq!(
        own,
        [
            "BrazeFilesQueue",
            "BrazeFilesQueuePolicy",
            "BrazeFilesDeadQueue",
            "BrazeFilesDeadQueuePolicy",
            "BrazeFilesRule",
            "ReadBrazeFiles",
            "ReadBrazeFilesLogGroup",
            "ReadBrazeFilesRole",
            "BrazeFilesDeadLettersAlarm",
            "BrazeFilesBacklogAgeAlarm",
            "ReadBrazeFilesErrorsAlarm",
        ]
    );
    assert!(names(&without).iter().all(|name| !name.contains("BrazeFiles")));
    assert_eq!(without.section("Outputs").get("BrazeFilesQueueUrl"), None);
    // What is deployed besides is the same.
    for name in names(&without) {
        assert_eq!(without.resource(name), with.resource(name), "{name}");
    }
}

#[test]
fn the_rule_sends_the_files_of_the_prefix_and_no_others() {
    event::rules!["CF-121"];
    for (prefix, key) in [
        ("currents/", "currents/*.avro"),
        ("", "*.avro"),
        ("a/b/", "a/b/*.avro"),
    ] {
        let template = deployed(&[("BrazeFilesPrefix", prefix)]);
        let rule = template.resource("BrazeFilesRule");
        let pattern = rule.at("Properties.EventPattern");
        assert_eq!(pattern.texts("source"), ["aws.s3"]);
        assert_eq!(pattern.texts("detail-type"), ["Object Created"]);
        assert_eq!(pattern.texts("detail.bucket.name"), [BUCKET]);
        let keys = pattern.at("detail.object.key").items();
        assert_eq!((keys.len(), keys[0].text("wildcard")), (1, key));
        let [target] = rule.at("Properties.Targets").items() else {
            panic!("one target");
        };
        assert_eq!(target.text("Arn"), "BrazeFilesQueue.Arn");
        assert_eq!(target.text("DeadLetterConfig.Arn"), "BrazeFilesDeadQueue.Arn");
    }
}

#[test]
fn only_the_rule_sends_to_the_queues_from_outside() {
    event::rules!["CF-122"];
    let template = deployed(&[]);
    for queue in ["BrazeFilesQueue", "BrazeFilesDeadQueue"] {
        let policy = template.resource(&format!("{queue}Policy"));
        let [deny, allow] = policy.at("Properties.PolicyDocument.Statement").items() else {
            panic!("two statements");
        };
        assert_eq!((deny.text("Effect"), deny.text("Action")), ("Deny", "sqs:*"));
        assert_eq!(
            deny.at("Condition.Bool").entries()[0].1,
            Value::Text("false".to_owned())
        );
        assert_eq!(allow.text("Effect"), "Allow");
        assert_eq!(allow.text("Principal.Service"), "events.amazonaws.com");
        assert_eq!(allow.text("Action"), "sqs:SendMessage");
        assert_eq!(allow.text("Resource"), format!("{queue}.Arn"));
        let source = &allow.at("Condition.ArnEquals").entries()[0];
        assert_eq!(
            *source,
            (
                "aws:SourceArn".to_owned(),
                Value::Text("BrazeFilesRule.Arn".to_owned())
            )
        );
    }
}

#[test]
fn the_function_has_the_numbers_of_the_page() {
    event::rules!["CF-001", "CF-002", "CF-123", "CF-124"];
    let template = deployed(&[]);
    let function = template.resource("ReadBrazeFiles");
    assert_eq!(
        function.text("Properties.FunctionName"),
        format!("{STACK}-read-braze-files")
    );
    assert_eq!(function.int("Properties.Timeout"), 120);
    assert_eq!(function.int("Properties.MemorySize"), 1024);
    assert_eq!(function.int("Properties.ReservedConcurrentExecutions"), 5);
    assert_eq!(function.text("Properties.RecursiveLoop"), "Allow");
    let source = function.at("Properties.Events.BrazeFilesQueue.Properties");
    assert_eq!(source.int("BatchSize"), 1);
    assert_eq!(source.int("MaximumBatchingWindowInSeconds"), 0);
    assert_eq!(source.int("ScalingConfig.MaximumConcurrency"), 4);
    assert_eq!(source.texts("FunctionResponseTypes"), ["ReportBatchItemFailures"]);
    assert_eq!(*source.at("Enabled"), Value::Bool(true));
    let paused = deployed(&[("PauseBrazeFiles", "true")]).resource("ReadBrazeFiles");
    assert_eq!(
        *paused.at("Properties.Events.BrazeFilesQueue.Properties.Enabled"),
        Value::Bool(false)
    );
    let queue = template.resource("BrazeFilesQueue");
    assert_eq!(queue.int("Properties.VisibilityTimeout"), 720);
    assert_eq!(queue.int("Properties.MessageRetentionPeriod"), 1_036_800);
    assert_eq!(queue.int("Properties.RedrivePolicy.maxReceiveCount"), 500);
    let variables = function.at("Properties.Environment.Variables");
    assert_eq!(variables.get("SWITCHYARD_SECRET"), None);
    for (name, value) in [
        ("SWITCHYARD_BRAZE_FILES_BUCKET", BUCKET),
        ("SWITCHYARD_BRAZE_FILES_PREFIX", "currents/"),
        ("SWITCHYARD_QUEUE_BRAZE_FILES", "BrazeFilesQueue"),
        ("SWITCHYARD_QUEUE_SEGMENT", "SegmentQueue"),
    ] {
        assert_eq!(variables.text(name), value);
    }
    assert!(
        !names(&template)
            .iter()
            .any(|name| name.starts_with("ReadBrazeFilesUrl"))
    );
    // Read raw: the evaluated function has its properties alone.
    assert!(TEMPLATE.contains("    DependsOn: DeliverSegment\n"));
}

#[test]
fn its_role_reads_the_files_and_changes_nothing_in_the_bucket() {
    event::rules!["CF-125", "CF-126"];
    // A statement that is conditional, and under what.
    let conditions = [
        ("GoneFiles", ("StringLikeIfExists", "s3:prefix", "currents/*")),
        (
            "Decrypt",
            (
                "StringEquals",
                "kms:ViaService",
                "s3.${AWS::Region}.amazonaws.com",
            ),
        ),
    ];
    let condition = |sid: &str| {
        let (_, (test, key, value)) = conditions.iter().find(|(own, _)| *own == sid)?;
        let value = Value::Text((*value).to_owned());
        let test_of = Value::Map(vec![((*key).to_owned(), value)]);
        Some(Value::Map(vec![((*test).to_owned(), test_of)]))
    };
    let statements = |template: &Template| -> Vec<(String, Value, Value)> {
        let role = template.resource("ReadBrazeFilesRole");
        let [policy] = role.at("Properties.Policies").items() else {
            panic!("one policy");
        };
        let all = policy.at("PolicyDocument.Statement").items().iter();
        all.map(|one| {
            assert_eq!(one.text("Effect"), "Allow");
            assert_eq!(one.get("Condition").cloned(), condition(one.text("Sid")));
            (
                one.text("Sid").to_owned(),
                one.at("Action").clone(),
                one.at("Resource").clone(),
            )
        })
        .collect()
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let plain = statements(&deployed(&[]));
    let own = |sid: &str| {
        plain
            .iter()
            .find(|(own, ..)| own == sid)
            .map(|(_, action, resource)| (action.clone(), resource.clone()))
    };
    let files = text("arn:${AWS::Partition}:s3:::acme-currents/currents/*");
    assert_eq!(own("Files"), Some((text("s3:GetObject"), files)));
    assert_eq!(
        own("GoneFiles"),
        Some((
            text("s3:ListBucket"),
            text("arn:${AWS::Partition}:s3:::acme-currents")
        ))
    );
    let queue = [
        "ReceiveMessage",
        "DeleteMessage",
        "GetQueueAttributes",
        "ChangeMessageVisibility",
        "SendMessage",
    ];
    let queue = queue.map(|action| format!("sqs:{action}"));
    let queue: Vec<&str> = queue.iter().map(String::as_str).collect();
    assert_eq!(
        own("OwnQueue"),
        Some((texts(&queue), text("BrazeFilesQueue.Arn")))
    );
    assert_eq!(
        own("Queue"),
        Some((
            text("sqs:SendMessage"),
            texts(&["SegmentQueue.Arn", "ParkedQueue.Arn"])
        ))
    );
    assert_eq!(
        own("ParkedQueueCheck"),
        Some((text("sqs:GetQueueAttributes"), text("ParkedQueue.Arn")))
    );
    let logs = texts(&["logs:CreateLogStream", "logs:PutLogEvents"]);
    assert_eq!(own("OwnLogs"), Some((logs, text("ReadBrazeFilesLogGroup.Arn"))));
    assert_eq!(plain.len(), 6, "and nothing else");
    let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
    let encrypted = statements(&deployed(&[("BrazeFilesKeyArn", key)]));
    assert_eq!(encrypted.len(), 7);
    assert!(encrypted.contains(&("Decrypt".to_owned(), text("kms:Decrypt"), text(key))));
}

#[test]
fn the_queues_that_people_work_with_are_outputs() {
    event::rules!["CF-127"];
    let outputs = deployed(&[]);
    let outputs = outputs.section("Outputs");
    for (name, value) in [
        ("BrazeFilesQueueUrl", "BrazeFilesQueue"),
        ("BrazeFilesDeadQueueUrl", "BrazeFilesDeadQueue"),
        ("AlarmTopicArn", "AlarmTopic"),
    ] {
        assert_eq!(outputs.text(&format!("{name}.Value")), value);
    }
}
