//! A look at a stack of one AWS endpoint that answers from a table and writes down what was asked.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

use super::facts;
use crate::account::DeployedStack;
use crate::account::api::Api;
use crate::doctor::expected::{FUNCTIONS, QUEUES, READ_BRAZE_FILES};
use crate::doctor::facts::{Content, KeyAnswer};
use crate::doctor::finding::findings;
use crate::doctor::options::EXAMPLES;

/// What was asked, as `service:Action`.
type Actions = Arc<Mutex<BTreeSet<String>>>;

#[derive(Clone)]
struct Fake {
    actions: Actions,
    address: SocketAddr,
    /// The action that is refused.
    denied: Option<&'static str>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a server beside the test, which ends with it"
)]
async fn start(denied: Option<&'static str>) -> (Actions, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let fake = Fake {
        actions: Actions::default(),
        address,
        denied,
    };
    let actions = Arc::clone(&fake.actions);
    let router = Router::new().fallback(answer).with_state(fake);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (actions, address)
}

/// The action of a request in IAM's words; none for what is not the AWS API.
fn action(target: &str, path: &str, body: &str) -> Option<String> {
    if let Some((service, operation)) = target.split_once('.') {
        let service = match service {
            "AmazonSQS" => "sqs",
            "Logs_20140328" => "logs",
            other => other,
        };
        return Some(format!("{service}:{operation}"));
    }
    let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    if let Some(operation) = form {
        let service = if ["DescribeAlarms", "GetMetricData"].contains(&operation) {
            "cloudwatch"
        } else {
            "cloudformation"
        };
        return Some(format!("{service}:{operation}"));
    }
    let operation = match path {
        path if path.ends_with("/configuration") => "GetFunctionConfiguration",
        path if path.contains("/layers/") => "GetLayerVersion",
        path if path.ends_with("/event-source-mappings") => "ListEventSourceMappings",
        path if path.ends_with("/account-settings") => "GetAccountSettings",
        _ => return None,
    };
    Some(format!("lambda:{operation}"))
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let path = parts.uri.path().to_owned();
    let target = parts.headers.get("x-amz-target");
    let target = target.map_or("", |value| value.to_str().unwrap()).to_owned();
    let Some(action) = action(&target, &path, &body) else {
        return plain(&fake, &path);
    };
    fake.actions.lock().unwrap().insert(action.clone());
    if fake.denied == Some(action.as_str()) {
        return (axum::http::StatusCode::FORBIDDEN, "AccessDenied").into_response();
    }
    aws(&fake, &action, &path, &body).into_response()
}

/// The receivers, the vendors, and the download of the layer.
fn plain(fake: &Fake, path: &str) -> Response {
    match path {
        "/health" => "{}".into_response(),
        "/layer.zip" => layer(fake).into_response(),
        "/users/track" => (axum::http::StatusCode::BAD_REQUEST, "{}").into_response(),
        "/v1/projects/wk-1/settings" => "{}".into_response(),
        _ => (axum::http::StatusCode::NOT_FOUND, "").into_response(),
    }
}

/// The settings as SAM packs them: compressed.
fn layer(fake: &Fake) -> Vec<u8> {
    use std::io::Write as _;
    let url = format!("http://{}", fake.address);
    let settings = format!("[braze]\nendpoint_url = \"{url}\"\n[segment]\nendpoint_url = \"{url}\"\n");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("switchyard.toml", options).unwrap();
    zip.write_all(settings.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

const LAYER: &str = "arn:aws:lambda:us-east-1:000000000000:layer:switchyard-settings:3";

fn resources() -> String {
    let member = |logical: &str, physical: &str, kind: &str| {
        format!(
            "<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType></member>"
        )
    };
    let mut members = member("SettingsLayer0", LAYER, "AWS::Lambda::LayerVersion");
    members += &member("ParkedAlarm", "switchyard-parked", "AWS::CloudWatch::Alarm");
    for function in FUNCTIONS
        .iter()
        .filter(|function| function.name != READ_BRAZE_FILES)
    {
        members += &member(
            function.logical_id,
            &format!("switchyard-{}", function.name),
            "AWS::Lambda::Function",
        );
        let secret = format!("{}Secret", function.logical_id);
        members += &member(
            &secret,
            &format!("arn:aws:secretsmanager:{}", function.name),
            "AWS::SecretsManager::Secret",
        );
    }
    for queue in QUEUES
        .iter()
        .filter(|queue| !queue.name.starts_with("braze-files"))
    {
        members += &member(
            queue.logical_id,
            &format!("http://sqs/{}", queue.name),
            "AWS::SQS::Queue",
        );
    }
    members
}

fn aws(fake: &Fake, action: &str, path: &str, body: &str) -> String {
    match action {
        "cloudformation:DescribeStacks" => {
            let output = |source: &str| format!("<member><OutputKey>Receive{source}Url</OutputKey><OutputValue>https://{source}.lambda-url.us-east-1.on.aws/</OutputValue></member>");
            let outputs: String = ["Segment", "Braze", "Branch"].map(output).concat();
            format!("<r><StackStatus>CREATE_COMPLETE</StackStatus><Parameters><member><ParameterKey>ReserveConcurrency</ParameterKey><ParameterValue>true</ParameterValue></member></Parameters><Outputs>{outputs}</Outputs></r>")
        }
        // In two pages.
        "cloudformation:ListStackResources" if body.contains("NextToken=2") => format!("<r>{}</r>", resources()),
        "cloudformation:ListStackResources" => "<r><NextToken>2</NextToken></r>".to_owned(),
        "cloudwatch:DescribeAlarms" => "<r><member><AlarmName>switchyard-parked</AlarmName><ActionsEnabled>true</ActionsEnabled><StateValue>OK</StateValue></member></r>".to_owned(),
        "cloudwatch:GetMetricData" => "<r><member><Id>q1</Id><Values><member>61.0</member><member>9000.0</member></Values></member></r>".to_owned(),
        "lambda:GetFunctionConfiguration" => {
            let function = FUNCTIONS.iter().find(|one| path.contains(&format!("-{}/", one.name))).unwrap();
            format!(r#"{{"Timeout":{},"MemorySize":{},"Layers":[{{"Arn":"{LAYER}"}}]}}"#, function.timeout, function.memory)
        }
        "lambda:GetLayerVersion" => {
            assert_eq!(path, "/2018-10-31/layers/switchyard-settings/versions/3");
            format!(r#"{{"Content":{{"Location":"http://{}/layer.zip"}}}}"#, fake.address)
        }
        "lambda:ListEventSourceMappings" => mapping(),
        "lambda:GetAccountSettings" => r#"{"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":769}}"#.to_owned(),
        "logs:FilterLogEvents" => r#"{"events":[]}"#.to_owned(),
        "secretsmanager:GetSecretValue" => secret(body),
        "sqs:GetQueueAttributes" => {
            let queue = QUEUES.iter().find(|queue| body.contains(&format!("/{}\"", queue.name))).unwrap();
            let policy = queue.receives.map(|count| format!(r#","RedrivePolicy":"{{\"maxReceiveCount\":{count}}}""#));
            format!(
                r#"{{"Attributes":{{"VisibilityTimeout":"{}","MessageRetentionPeriod":"{}","MaximumMessageSize":"1048576","ApproximateNumberOfMessages":"0"{}}}}}"#,
                queue.visibility, queue.retention, policy.unwrap_or_default()
            )
        }
        other => panic!("{other} is not expected"),
    }
}

/// The event source of the function asked for last is not known here: all have the numbers of Braze but Branch's.
fn mapping() -> String {
    r#"{"EventSourceMappings":[{"State":"Enabled","BatchSize":25,"MaximumBatchingWindowInSeconds":1,"ScalingConfig":{"MaximumConcurrency":10},"FunctionResponseTypes":["ReportBatchItemFailures"]}]}"#.to_owned()
}

fn secret(body: &str) -> String {
    let text = match body {
        body if body.contains("deliver-braze") => r#"{"rest_api_key":"k"}"#,
        body if body.contains("deliver-branch") => r#"{"branch_key":"key_live_k"}"#,
        body if body.contains("deliver-segment") => r#"{"write_key":"wk-1"}"#,
        body if body.contains("receive-segment") => r#"{"shared_secrets":["s"],"tokens":["t"]}"#,
        _ => r#"{"tokens":["t"]}"#,
    };
    serde_json::json!({ "SecretString": text }).to_string()
}

async fn look(address: SocketAddr) -> crate::doctor::facts::Facts {
    let stack = DeployedStack::at(Api::local(address).unwrap(), "switchyard");
    facts(&stack, None).await.unwrap()
}

/// The actions that `--help` lists.
fn listed() -> BTreeSet<String> {
    let (_, list) = EXAMPLES.split_once("IAM actions needed:").unwrap();
    let words = list.split([' ', ',', '\n']);
    let is_action = |word: &&str| word.contains(':') && !word.ends_with(':');
    words.filter(is_action).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_look_asks_for_the_actions_that_help_lists() {
    event::rules!["SEG-009"];
    let (actions, address) = start(None).await;
    let found = look(address).await;
    assert_eq!(*actions.lock().unwrap(), listed());
    let all = findings(&found);
    // The fake gives every event source Braze's numbers.
    let others: Vec<_> = all
        .iter()
        .filter(|finding| finding.about != "deliver-branch")
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(all.len(), 1);
    assert!(all[0].what.contains("BatchSize is 25, not 10"), "{}", all[0].what);
    assert!(
        found
            .secrets
            .iter()
            .all(|secret| secret.content == Content::Filled)
    );
    let answers: Vec<KeyAnswer> = found.keys.iter().map(|key| key.answer).collect();
    let expected = [KeyAnswer::Accepted, KeyAnswer::WellFormed, KeyAnswer::Accepted];
    assert_eq!(answers, expected);
    assert_eq!(found.queues[0].oldest_s, Some(61), "the newest figure");
    assert_eq!(found.urls.len(), 3);
}

#[tokio::test]
async fn what_is_denied_is_named_and_the_rest_is_shown() {
    let (_, address) = start(Some("lambda:GetAccountSettings")).await;
    let found = look(address).await;
    assert!(found.quota.is_none());
    assert!(found.unchecked["quota"].contains("403"), "{:?}", found.unchecked);
    assert_eq!(found.keys.len(), 3);
    let all = findings(&found);
    assert!(all.iter().any(|finding| finding.about == "quota"), "{all:#?}");
}
