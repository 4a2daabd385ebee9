//! The HTTP adapter against a server that behaves badly.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic: that is how it fails"
)]

use aws::{Client, SystemClock};
use delivery::http::{Http, NoResponse, Request, Response};
use event::calls::Method;
use event::{Clock, Timestamp};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

fn request(url: String) -> Request {
    Request {
        method: Method::Post,
        url,
        authorization: Some(telemetry::Secret::new("Bearer k".to_owned())),
        headers: vec![("X-Retry-Count", "2".to_owned())],
        body: "{}".to_owned(),
        timeout_ms: 2000,
        max_response_bytes: 10,
    }
}

/// A server that reads one request a connection, plays `act` on it, and sends on what it read.
fn server(connections: usize, act: fn(TcpStream)) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/users/track", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = Vec::new();
            let mut chunk = [0; 4096];
            while !text.ends_with(b"\r\n\r\n{}") {
                let read = stream.read(&mut chunk).unwrap();
                // Whoever speaks TLS is answered as is, and hears that this side does not.
                if text.is_empty() && chunk[0] == 22 {
                    answer(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
                    return;
                }
                text.extend_from_slice(&chunk[..read]);
            }
            sender.send(String::from_utf8(text).unwrap()).unwrap();
            act(stream);
        }
    });
    (url, requests)
}

fn answer(mut stream: TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

async fn send(url: &str) -> Result<Response, NoResponse> {
    Client::new(SystemClock)
        .unwrap()
        .send(request(url.to_owned()))
        .await
}

#[tokio::test]
async fn a_request_carries_its_headers_and_no_other_of_ours() {
    event::rules!["SB-504", "SR-302", "SEG-003"];
    let (url, requests) = server(1, |stream| {
        answer(stream, "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok")
    });
    let got = send(&url).await.unwrap();
    assert_eq!(
        (got.status, got.body.as_slice(), got.cut),
        (201, &b"ok"[..], false)
    );
    assert_eq!(got.header("content-length"), Some("2"));
    let text = requests.recv().unwrap().to_lowercase();
    for wanted in [
        "post /users/track http/1.1",
        "authorization: bearer k",
        "content-type: application/json",
        "accept: application/json",
        "user-agent: switchyard/",
        "x-retry-count: 2",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    assert!(
        !text.contains("accept-encoding"),
        "RD-174: no compression is asked for"
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    event::rules!["RD-170", "SB-505", "SR-308", "SEG-007"];
    let (url, requests) = server(1, |stream| {
        answer(
            stream,
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        );
    });
    assert_eq!(send(&url).await.unwrap().status, 307);
    requests.recv().unwrap();
    assert!(requests.recv().is_err(), "a second request came");
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_allowed() {
    event::rules!["RD-174", "SB-505", "SR-308", "SEG-007"];
    let (url, _told) = server(1, |stream| {
        answer(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789",
        );
    });
    let got = send(&url).await.unwrap();
    assert_eq!((got.body.as_slice(), got.cut), (&b"0123456789"[..], true));
}

#[tokio::test]
async fn an_answer_that_breaks_off_after_its_headers_is_an_answer() {
    event::rules!["SB-537"];
    let (url, _told) = server(1, |stream| {
        answer(stream, "HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{\"m")
    });
    let got = send(&url).await.unwrap();
    assert_eq!((got.status, got.cut), (201, true));
}

#[tokio::test]
async fn what_gets_no_answer_says_why() {
    event::rules!["RD-061", "RD-130"];
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (plain, _told) = server(1, drop);
    for (url, why) in [
        (format!("http://{nobody}/"), NoResponse::Connect),
        ("http://no-such-host.invalid/".to_owned(), NoResponse::Dns),
        (plain.replace("http://", "https://"), NoResponse::Tls),
    ] {
        assert_eq!(send(&url).await.err(), Some(why), "{url}");
    }
    let acts: [(fn(TcpStream), NoResponse); 4] = [
        (drop, NoResponse::Reset),
        (|stream| answer(stream, "HTTP/1.1 200 OK\r\nx"), NoResponse::Reset),
        (
            |stream| answer(stream, "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
            NoResponse::Headers,
        ),
        (
            |stream| answer(stream, &format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1 << 20))),
            NoResponse::TooLarge,
        ),
    ];
    for (act, why) in acts {
        let (url, requests) = server(1, act);
        assert_eq!(send(&url).await.err(), Some(why));
        requests.recv().unwrap();
        assert!(requests.recv().is_err(), "RD-060: the request was sent again");
    }
}

#[tokio::test]
async fn a_request_ends_after_its_time_out() {
    event::rules!["RD-171", "SB-505", "SR-308", "SEG-007"];
    let (url, _told) = server(1, |mut stream| {
        // Holds the connection without an answer until the client gives up.
        let _ = stream.read(&mut [0; 1]);
    });
    let mut slow = request(url);
    slow.timeout_ms = 100;
    assert_eq!(
        Client::new(SystemClock).unwrap().send(slow).await.err(),
        Some(NoResponse::Timeout)
    );
}

struct Jumping(Cell<i64>);

impl Clock for &Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }

    async fn sleep(&self, _: u64) {}
}

#[tokio::test]
async fn after_20_s_of_wall_time_no_pooled_connection_is_used() {
    event::rules!["RD-176"];
    let keep_alive = |stream: TcpStream| {
        let copy = stream.try_clone().unwrap();
        answer(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        // The connection stays open on this side.
        std::mem::forget(copy);
    };
    let (url, requests) = server(2, keep_alive);
    let clock = Jumping(Cell::new(0));
    let client = Client::new(&clock).unwrap();
    assert_eq!(client.send(request(url.clone())).await.unwrap().status, 200);
    requests.recv().unwrap();
    // The server reads one request a connection: a second one on the same connection would wait for ever.
    clock.0.set(20_001);
    assert_eq!(client.send(request(url)).await.unwrap().status, 200);
    requests.recv().unwrap();
}
