//! A replay beside an AWS that refuses some of it.

#![allow(
    clippy::disallowed_types,
    reason = "a fake AWS reads what it is sent as any server does"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::account::AccountOptions;
use crate::account::api::Api;
use crate::waiting::Selection;

/// The parked queue, whose messages are received once, and what was asked of SQS.
#[derive(Clone, Default)]
struct Sqs(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    parked: Vec<Value>,
    sent: Vec<Value>,
    deleted: Vec<String>,
    released: Vec<String>,
    /// Receives that are refused once nothing is parked any more.
    refuses_receives: bool,
    /// What the deliverer parks again as soon as it is sent.
    parks_again: Vec<Value>,
}

async fn answer(State(sqs): State<Sqs>, headers: HeaderMap, body: String) -> Response {
    let mut state = sqs.0.lock().unwrap();
    let Some(target) = headers.get("x-amz-target") else {
        // CloudFormation: of a queue the physical id is its URL. There are no Currents files.
        let named = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("LogicalResourceId="));
        let named = named.unwrap();
        if named.starts_with("BrazeFiles") {
            return (StatusCode::BAD_REQUEST, format!("no {named}")).into_response();
        }
        return format!("<r><PhysicalResourceId>http://sqs/{named}</PhysicalResourceId></r>").into_response();
    };
    let input: Value = serde_json::from_str(&body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let refused = (StatusCode::FORBIDDEN, "AccessDenied").into_response();
    let given = match target.to_str().unwrap() {
        "AmazonSQS.GetQueueAttributes" => json!({"Attributes": {"ApproximateNumberOfMessages": "3"}}),
        "AmazonSQS.ReceiveMessage" if state.parked.is_empty() && state.refuses_receives => return refused,
        "AmazonSQS.ReceiveMessage" => json!({"Messages": std::mem::take(&mut state.parked)}),
        "AmazonSQS.SendMessage" if text(&input["MessageBody"]).contains("m-refused") => return refused,
        "AmazonSQS.SendMessage" => {
            state.sent.push(input);
            let again = std::mem::take(&mut state.parks_again);
            state.parked.extend(again);
            json!({})
        }
        "AmazonSQS.DeleteMessage" => {
            state.deleted.push(text(&input["ReceiptHandle"]));
            json!({})
        }
        "AmazonSQS.ChangeMessageVisibilityBatch" => {
            let entries = input["Entries"].as_array().unwrap();
            state
                .released
                .extend(entries.iter().map(|entry| text(&entry["ReceiptHandle"])));
            json!({})
        }
        other => panic!("{other} is not expected"),
    };
    given.to_string().into_response()
}

#[allow(
    clippy::disallowed_methods,
    reason = "a server beside the test, which ends with it"
)]
async fn start(ids: &[&str]) -> (Sqs, SocketAddr) {
    let parked = |id: &&str| {
        let event = format!(r#"{{"id":"{id}","name":"OPEN"}}"#);
        let body = format!(
            r#"{{"v":1,"reason":"rejected","by":"deliver-segment","at":"2026-03-01T12:00:00.000Z","source":"branch","destination":"segment","request_id":"r-1","first_received_at":"2026-03-01T12:00:00.000Z","attempt":3,"auth":"token","key":"current","event":{event}}}"#
        );
        json!({"MessageId": id, "ReceiptHandle": id, "Body": body})
    };
    let sqs = Sqs::default();
    sqs.0.lock().unwrap().parked = ids.iter().map(parked).collect();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer).with_state(sqs.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (sqs, address)
}

async fn replayed(address: SocketAddr) -> (Result<(), Error>, Vec<String>) {
    let options = Options {
        account: AccountOptions::default(),
        selection: Selection::default(),
        dry_run: false,
        settings: None,
        rate: 3000,
    };
    let stack = DeployedStack::at(Api::local(address).unwrap(), "switchyard");
    let mut tally = Tally::default();
    let result = replay_of(&options, Settings::default(), &stack, &mut tally).await;
    (result, tally.lines(false))
}

#[tokio::test]
async fn an_error_leaves_its_message_and_no_other() {
    event::rules!["RD-190", "RD-192", "RC-093"];
    let (sqs, address) = start(&["m-1", "m-refused", "m-3"]).await;
    let (result, lines) = replayed(address).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("SendMessage") && error.contains("403"), "{error}");
    assert_eq!(lines, ["replayed 2 messages: 2 to segment"], "told all the same");
    let state = sqs.0.lock().unwrap();
    let mut deleted = state.deleted.clone();
    deleted.sort();
    assert_eq!(deleted, ["m-1", "m-3"], "what was sent is not sent again");
    assert_eq!(state.released, ["m-refused"], "it can be replayed at once");
    assert!(state.sent.iter().all(|sent| sent["MessageGroupId"] == "branch"));
}

#[tokio::test]
async fn what_is_parked_again_is_not_sent_for_ever() {
    event::rules!["RD-190"];
    let (sqs, address) = start(&["m-1"]).await;
    {
        let mut state = sqs.0.lock().unwrap();
        let mut again = state.parked[0].clone();
        again["ReceiptHandle"] = "again".into();
        again["MessageId"] = "m-2".into();
        let body = again["Body"]
            .as_str()
            .unwrap()
            .replace("12:00:00.000Z\",\"source", "12:00:09.000Z\",\"source");
        again["Body"] = body.into();
        assert_ne!(again["Body"], state.parked[0]["Body"]);
        state.parks_again = vec![again];
    }
    let (result, lines) = replayed(address).await;
    result.unwrap();
    assert_eq!(lines[0], "replayed 1 message: 1 to segment");
    assert!(lines[1].starts_with("left 1 message: parked again"), "{lines:?}");
    let state = sqs.0.lock().unwrap();
    assert_eq!((state.sent.len(), &*state.deleted), (1, &["m-1".to_owned()][..]));
    assert_eq!(state.released, ["again"]);
}

#[tokio::test]
async fn an_error_at_the_next_receive_hides_nothing() {
    event::rules!["RD-192"];
    let (sqs, address) = start(&["m-1"]).await;
    sqs.0.lock().unwrap().refuses_receives = true;
    let (result, lines) = replayed(address).await;
    assert!(result.unwrap_err().to_string().contains("ReceiveMessage"));
    assert_eq!(lines, ["replayed 1 message: 1 to segment"]);
}
