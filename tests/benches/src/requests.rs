//! Requests to receivers, and receivers that take them in memory.

use crate::in_memory::{InMemory, SHARED_SECRET, TOKEN};
use crate::stages::settings;
use crate::workload::events;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::{Destination, Route, Source, hex};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use receipt::{Receiver, Request};
use sha1::Sha1;
use std::fmt;
use std::io::Write;

/// A request that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// 100 events of Segment, 132 KB, for Braze and Branch.
    Segment100,
    /// 4,000 events of Braze Currents.
    Currents4000,
    /// 40 kB that unpack to 40 MB.
    Bomb,
    /// 10 MB of opening brackets.
    Brackets,
}

impl Received {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Segment100, Self::Currents4000, Self::Bomb, Self::Brackets];

    /// Its name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Segment100 => "receipt of 100 events",
            Self::Currents4000 => "receipt of 4,000 events",
            Self::Bomb => "receipt of a bomb",
            Self::Brackets => "receipt of 10 MB of brackets",
        }
    }

    /// What its sender gets.
    const fn status(self) -> u16 {
        match self {
            Self::Segment100 | Self::Currents4000 => 200,
            Self::Bomb => 413,
            Self::Brackets => 202,
        }
    }

    const fn source(self) -> Source {
        match self {
            Self::Segment100 => Source::Segment,
            _ => Source::Braze,
        }
    }

    /// Takes the request in a receiver that has taken one before.
    pub fn receiver(self) -> impl Fn() {
        let memory = InMemory::accepting(Destination::Braze);
        let receiver = Receiver::new(self.source(), "measured", settings(), memory.clone(), memory);
        let request = self.request();
        move || {
            let request = Request {
                method: request.method.clone(),
                path: request.path.clone(),
                raw_query: String::new(),
                headers: request.headers.clone(),
                source_ip: None,
                request_id: request.request_id.clone(),
                body: request.body.clone(),
                is_base64: request.is_base64,
            };
            let answer = receiver.handle(request).now_or_never();
            let status = answer.map(|answer| answer.status);
            assert_eq!(status, Some(self.status()), "{}", self.as_str());
        }
    }

    fn request(self) -> Request {
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {TOKEN}")),
        ];
        let mut is_base64 = false;
        let body = match self {
            Self::Segment100 => {
                let events = events(Route::SegmentToBraze, 100);
                // Segment signs the first event of a batch.
                headers.push(("x-signature".to_owned(), signature(&events[0])));
                format!("[{}]", events.join(","))
            }
            Self::Currents4000 => format!(
                "{{\"events\":[{}]}}",
                events(Route::BrazeToSegment, 4000).join(",")
            ),
            Self::Bomb => {
                headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
                is_base64 = true;
                gzip_base64(&vec![b' '; 40_000_000])
            }
            Self::Brackets => "[".repeat(10_000_000),
        };
        Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            raw_query: String::new(),
            headers,
            source_ip: None,
            request_id: "5f7b6d9a-2f2c-4f5d-9c7e-0d6f9e5a1b3c".to_owned(),
            body,
            is_base64,
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(SHARED_SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex(mac.finalize().into_bytes()).collect()
}

fn gzip_base64(bytes: &[u8]) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    STANDARD.encode(gzip.finish().unwrap())
}
