//! Who may do what: the policy table of `reliability.md` section 8, row by row.

use std::collections::BTreeMap;

use crate::evaluated::{STACK, Template, Value};
use crate::{FUNCTIONS, TEMPLATE, logical};

/// Resource → the actions allowed on it.
type Grants = BTreeMap<String, Vec<String>>;

fn grants(document: &Value) -> Grants {
    let mut grants = Grants::new();
    for statement in document.at("Statement").items() {
        assert_eq!(statement.text("Effect"), "Allow");
        for resource in statement.texts("Resource") {
            let actions = grants.entry(resource.to_owned()).or_default();
            actions.extend(statement.texts("Action").into_iter().map(str::to_owned));
            actions.sort();
        }
    }
    grants
}

/// The rows of the table.
fn expected(folder: &str, queues: &[&str], delivers: bool) -> Grants {
    let own_secret = format!(
        "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{STACK}/{folder}-??????"
    );
    let mut grants = BTreeMap::from([
        (own_secret, vec!["secretsmanager:GetSecretValue"]),
        (
            format!("{}LogGroup.Arn", logical(folder)),
            vec!["logs:CreateLogStream", "logs:PutLogEvents"],
        ),
    ]);
    let (parked, own) = if delivers {
        let polling = vec![
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ];
        (vec!["sqs:SendMessage"], polling)
    } else {
        (
            vec!["sqs:GetQueueAttributes", "sqs:SendMessage"],
            vec!["sqs:SendMessage"],
        )
    };
    grants.insert("ParkedQueue.Arn".to_owned(), parked);
    let source = folder.strip_prefix("receive-").unwrap_or_default();
    let object = |pattern: &str| format!("${{FallbackBucket.Arn}}/{pattern}");
    if source == "branch" {
        grants.insert(object("branch/*"), vec!["s3:PutObject"]);
        grants.insert(
            object("branch/pending/*"),
            vec!["s3:DeleteObject", "s3:GetObject"],
        );
        grants.insert("FallbackBucket.Arn".to_owned(), vec!["s3:ListBucket"]);
    } else if !delivers {
        grants.insert(object(&format!("{source}/parked/*")), vec!["s3:PutObject"]);
    }
    for queue in queues {
        grants.insert(format!("{}Queue.Arn", logical(queue)), own.clone());
    }
    grants
        .into_iter()
        .map(|(resource, actions)| (resource, actions.into_iter().map(str::to_owned).collect()))
        .collect()
}

#[test]
fn each_role_allows_exactly_its_row() {
    event::rules!["RI-036", "RI-037"];
    let template = Template::read(TEMPLATE, &[]);
    assert_eq!(template.of_type("AWS::IAM::Role").len(), FUNCTIONS.len());
    for function in &FUNCTIONS {
        let name = logical(function.folder);
        let role = template.resource(&format!("{name}Role"));
        let properties = role.at("Properties");
        let keys: Vec<_> = properties.entries().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            ["Path", "AssumeRolePolicyDocument", "Policies"],
            "no managed policy: {name}"
        );
        let trust = properties.at("AssumeRolePolicyDocument.Statement").items();
        assert_eq!(trust.len(), 1);
        assert_eq!(trust[0].text("Principal.Service"), "lambda.amazonaws.com");

        let policies = properties.at("Policies").items();
        assert_eq!(policies.len(), 1);
        let found = grants(policies[0].at("PolicyDocument"));
        assert_eq!(
            found,
            expected(function.folder, function.queues, function.polls.is_some()),
            "{name}"
        );
        let stars = found.iter().any(|(on, actions)| {
            let is_whole = on.contains('*') && !on.starts_with("${FallbackBucket.Arn}/");
            is_whole || actions.iter().any(|action| action.contains('*'))
        });
        assert!(!stars, "{found:#?}");

        for statement in policies[0].at("PolicyDocument.Statement").items() {
            let lists = statement.texts("Action") == ["s3:ListBucket"];
            let condition = statement
                .get("Condition")
                .map(|condition| condition.text("StringEqualsIfExists.s3:prefix").to_owned());
            let wanted = lists.then(|| "branch/pending/".to_owned());
            assert_eq!(condition, wanted, "{name}");
        }

        let role_of = template.resource(&name);
        assert_eq!(role_of.text("Properties.Role"), format!("{name}Role.Arn"));
        assert_eq!(role_of.at("Properties").get("Policies"), None);
    }
}

#[test]
fn every_queue_refuses_requests_without_tls() {
    event::rules!["RI-031"];
    let template = Template::read(TEMPLATE, &[]);
    for queue in template.of_type("AWS::SQS::Queue") {
        let policy = template.resource(&format!("{queue}Policy"));
        assert_eq!(policy.texts("Properties.Queues"), [queue]);
        let statements = policy.at("Properties.PolicyDocument.Statement").items();
        assert_eq!(statements.len(), 1);
        let statement = &statements[0];
        assert_eq!(statement.text("Effect"), "Deny");
        assert_eq!(statement.text("Principal"), "*");
        assert_eq!(statement.text("Action"), "sqs:*");
        assert_eq!(statement.text("Resource"), format!("{queue}.Arn"));
        let bool_condition = statement.at("Condition.Bool").entries();
        assert_eq!(
            bool_condition,
            [("aws:SecureTransport".to_owned(), Value::Text("false".to_owned()))]
        );
    }
}
