//! The numbers and permissions of `infra/template.yaml`, against `reliability.md` section 8 (RI-044).

#[path = "template/alarms.rs"]
mod alarms;
#[path = "template/braze_files.rs"]
mod braze_files;
#[path = "template/doctor.rs"]
mod doctor;
#[path = "template/evaluated.rs"]
mod evaluated;
#[path = "template/fallback.rs"]
mod fallback;
#[path = "template/ingress.rs"]
mod ingress;
#[path = "template/organisation.rs"]
mod organisation;
#[path = "template/permissions.rs"]
mod permissions;
#[path = "template/queues.rs"]
mod queues;

use evaluated::{STACK, Template, Value};

const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const WORKSPACE: &str = include_str!("../../Cargo.toml");

/// One column of the table at the head of section 8.
struct Function {
    folder: &'static str,
    timeout_s: i64,
    reserved: i64,
    /// For delivery: MaximumConcurrency, BatchSize, window in seconds, the queue's VisibilityTimeout in seconds.
    polls: Option<[i64; 4]>,
    /// The destinations whose queues it knows.
    queues: &'static [&'static str],
}

const MEMORY_MB: i64 = 512;
const TO_SLOW_VENDORS: Option<[i64; 4]> = Some([10, 25, 1, 365]);

const FUNCTIONS: [Function; 6] = [
    Function {
        folder: "receive-segment",
        timeout_s: 10,
        reserved: 50,
        polls: None,
        queues: &["braze", "branch"],
    },
    Function {
        folder: "receive-braze",
        timeout_s: 10,
        reserved: 50,
        polls: None,
        queues: &["segment"],
    },
    Function {
        folder: "receive-branch",
        timeout_s: 60,
        reserved: 100,
        polls: None,
        queues: &["segment"],
    },
    Function {
        folder: "deliver-braze",
        timeout_s: 60,
        reserved: 12,
        polls: TO_SLOW_VENDORS,
        queues: &["braze"],
    },
    Function {
        folder: "deliver-branch",
        timeout_s: 30,
        reserved: 7,
        polls: Some([5, 10, 0, 185]),
        queues: &["branch"],
    },
    Function {
        folder: "deliver-segment",
        timeout_s: 60,
        reserved: 12,
        polls: TO_SLOW_VENDORS,
        queues: &["segment"],
    },
];

/// `receive-segment` is `ReceiveSegment` in the template.
pub fn logical(folder: &str) -> String {
    folder
        .split('-')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

fn template() -> Template {
    Template::read(TEMPLATE, &[])
}

fn receivers() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().filter(|function| function.polls.is_none())
}

fn function(template: &Template, folder: &str) -> Value {
    template.resource(&logical(folder))
}

#[test]
fn functions_have_the_tables_runtime_timeout_and_memory() {
    event::rules!["RI-010", "RI-011"];
    let template = template();
    assert_eq!(
        template.of_type("AWS::Serverless::Function").len(),
        FUNCTIONS.len()
    );
    for expected in &FUNCTIONS {
        let function = function(&template, expected.folder);
        let properties = function.at("Properties");
        assert_eq!(
            properties.text("FunctionName"),
            format!("{STACK}-{}", expected.folder)
        );
        assert_eq!(properties.text("Runtime"), "provided.al2023");
        assert_eq!(properties.text("Handler"), "bootstrap");
        assert_eq!(properties.texts("Architectures"), ["arm64"]);
        assert_eq!(
            properties.text("CodeUri"),
            format!("../target/lambda/{}", expected.folder)
        );
        assert_eq!(
            properties.int("Timeout"),
            expected.timeout_s,
            "{}",
            expected.folder
        );
        assert_eq!(properties.int("MemorySize"), MEMORY_MB, "{}", expected.folder);
    }
    let on_x86 = Template::read(TEMPLATE, &[("Architecture", "x86_64")]);
    assert_eq!(
        function(&on_x86, "deliver-braze").texts("Properties.Architectures"),
        ["x86_64"]
    );
}

#[test]
fn the_release_profile_unwinds() {
    event::rules!["RI-012"];
    let release = WORKSPACE.split("[profile.release]").nth(1).unwrap();
    let release = release.split("\n[").next().unwrap();
    assert!(
        release.lines().any(|line| line.trim() == r#"panic = "unwind""#),
        "{release}"
    );
}

#[test]
fn each_function_url_is_public_and_has_both_permissions() {
    event::rules!["RI-013", "RI-014"];
    let template = template();
    assert_eq!(template.of_type("AWS::Lambda::Url").len(), 3);
    assert_eq!(
        template.of_type("AWS::Lambda::Permission").len(),
        7,
        "two a URL, one for the schedule"
    );
    for Function { folder, .. } in receivers() {
        let name = logical(folder);
        let arn = Value::Text(format!("{name}.Arn"));
        let text = |text: &str| Value::Text(text.to_owned());
        let url = template.resource(&format!("{name}Url"));
        let expected = [
            ("TargetFunctionArn".to_owned(), arn.clone()),
            ("AuthType".to_owned(), text("NONE")),
            ("InvokeMode".to_owned(), text("BUFFERED")),
        ];
        assert_eq!(url.at("Properties").entries(), expected, "no CORS, nothing else");

        let by_url = template.resource(&format!("{name}UrlPermission"));
        let expected = [
            ("FunctionName".to_owned(), arn.clone()),
            ("Action".to_owned(), text("lambda:InvokeFunctionUrl")),
            ("Principal".to_owned(), text("*")),
            ("FunctionUrlAuthType".to_owned(), text("NONE")),
        ];
        assert_eq!(by_url.at("Properties").entries(), expected);

        let invoked = template.resource(&format!("{name}UrlInvokePermission"));
        let expected = [
            ("FunctionName".to_owned(), arn),
            ("Action".to_owned(), text("lambda:InvokeFunction")),
            ("Principal".to_owned(), text("*")),
            ("InvokedViaFunctionUrl".to_owned(), Value::Bool(true)),
        ];
        assert_eq!(invoked.at("Properties").entries(), expected);
    }
}

#[test]
fn concurrency_is_reserved_where_the_parameters_say_so() {
    event::rules!["RI-015"];
    let (reserving, without) = (
        template(),
        Template::read(TEMPLATE, &[("ReserveConcurrency", "false")]),
    );
    let mut sum = 0;
    for Function { folder, reserved, .. } in &FUNCTIONS {
        let properties = function(&reserving, folder);
        assert_eq!(
            properties.int("Properties.ReservedConcurrentExecutions"),
            *reserved,
            "{folder}"
        );
        sum += reserved;
        let properties = function(&without, folder);
        assert_eq!(
            properties.at("Properties").get("ReservedConcurrentExecutions"),
            None,
            "{folder}"
        );
    }
    let description = reserving
        .section("Parameters")
        .text("ReserveConcurrency.Description");
    assert!(description.contains(&format!("Reserves {sum} ")), "{description}");
    let chosen = Template::read(
        TEMPLATE,
        &[("ReserveReceivers", "7"), ("ReserveReceiveBranch", "9")],
    );
    for (folder, reserved) in [
        ("receive-segment", "7"),
        ("receive-braze", "7"),
        ("receive-branch", "9"),
    ] {
        let function = function(&chosen, folder);
        assert_eq!(function.text("Properties.ReservedConcurrentExecutions"), reserved);
    }
}

#[test]
fn a_function_that_sends_to_its_own_queue_may_do_so_for_long() {
    event::rules!["RI-045"];
    let template = template();
    for Function { folder, polls, .. } in &FUNCTIONS {
        let function = function(&template, folder);
        let allowed = function.at("Properties").get("RecursiveLoop").cloned();
        let wanted = polls.map(|_| Value::Text("Allow".to_owned()));
        assert_eq!(allowed, wanted, "{folder}");
    }
}

#[test]
fn lines_are_json_and_the_platforms_own_are_few() {
    event::rules!["RI-047"];
    let template = template();
    for Function { folder, .. } in &FUNCTIONS {
        let function = function(&template, folder);
        let logging = function.at("Properties.LoggingConfig");
        for (name, value) in [
            ("LogFormat", "JSON"),
            ("SystemLogLevel", "WARN"),
            ("ApplicationLogLevel", "INFO"),
        ] {
            assert_eq!(logging.text(name), value, "{folder}");
        }
    }
}

#[test]
fn secrets_are_created_without_a_value_one_for_each_function() {
    event::rules!["RI-034"];
    let template = template();
    assert_eq!(
        template.of_type("AWS::SecretsManager::Secret").len(),
        FUNCTIONS.len()
    );
    for Function { folder, .. } in &FUNCTIONS {
        let resource = template.resource(&format!("{}Secret", logical(folder)));
        assert_eq!(resource.text("Properties.Name"), format!("{STACK}/{folder}"));
        for value in ["SecretString", "GenerateSecretString"] {
            assert_eq!(resource.at("Properties").get(value), None, "{folder}");
        }
    }
}

#[test]
fn each_function_has_its_own_log_group() {
    event::rules!["RI-035"];
    let template = Template::read(TEMPLATE, &[("LogRetentionDays", "7")]);
    assert_eq!(
        self::template()
            .section("Parameters")
            .at("LogRetentionDays.Default"),
        &Value::Int(30)
    );
    assert_eq!(template.of_type("AWS::Logs::LogGroup").len(), FUNCTIONS.len());
    for Function { folder, .. } in &FUNCTIONS {
        let group = template.resource(&format!("{}LogGroup", logical(folder)));
        assert_eq!(
            group.text("Properties.LogGroupName"),
            format!("/aws/lambda/{STACK}-{folder}")
        );
        assert_eq!(group.text("Properties.RetentionInDays"), "7");
        let logs = function(&template, folder);
        assert_eq!(
            logs.text("Properties.LoggingConfig.LogGroup"),
            format!("{}LogGroup", logical(folder))
        );
    }
}

#[test]
fn outputs_are_urls_and_names_and_nothing_secret() {
    event::rules!["RI-039"];
    let template = template();
    let outputs: Vec<_> = template
        .section("Outputs")
        .entries()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        outputs,
        [
            "ReceiveSegmentUrl",
            "ReceiveBrazeUrl",
            "ReceiveBranchUrl",
            "ParkedQueueUrl",
            "AlarmTopicArn",
            "FallbackBucketName",
            "BrazeDeadQueueUrl",
            "BranchDeadQueueUrl",
            "SegmentDeadQueueUrl",
        ]
    );
    for Function { folder, .. } in receivers() {
        let name = format!("{}Url", logical(folder));
        assert_eq!(
            template.section("Outputs").text(&format!("{name}.Value")),
            format!("{name}.FunctionUrl")
        );
    }
    assert_eq!(
        template.section("Outputs").text("ParkedQueueUrl.Value"),
        "ParkedQueue"
    );
}

#[test]
fn the_environment_names_stack_settings_secret_and_queues() {
    let template = template();
    for Function {
        folder,
        queues,
        polls,
        ..
    } in &FUNCTIONS
    {
        let mut expected = vec![
            ("SWITCHYARD_STACK".to_owned(), STACK.to_owned()),
            (
                "SWITCHYARD_SETTINGS".to_owned(),
                "/opt/switchyard.toml".to_owned(),
            ),
            ("SWITCHYARD_QUEUE_PARKED".to_owned(), "ParkedQueue".to_owned()),
            (
                "SWITCHYARD_SECRET".to_owned(),
                format!("{}Secret", logical(folder)),
            ),
        ];
        if polls.is_none() {
            expected.push(("SWITCHYARD_BUCKET".to_owned(), "FallbackBucket".to_owned()));
        }
        expected.extend(queues.iter().map(|queue| {
            (
                format!("SWITCHYARD_QUEUE_{}", queue.to_uppercase()),
                format!("{}Queue", logical(queue)),
            )
        }));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value)| (name, Value::Text(value)))
            .collect();
        let function = function(&template, folder);
        assert_eq!(
            function.at("Properties.Environment.Variables").entries(),
            expected,
            "{folder}"
        );
        assert_eq!(function.texts("Properties.Layers"), ["SettingsLayer"]);
    }
}
