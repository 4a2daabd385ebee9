//! Takes requests, plays faults, and writes down what came of each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::now_ms;
use crate::faults::{Fault, ScriptedFaults};
use crate::judged::{ItemFault, Judged, SeenIds, VendorRequest};
use crate::keys::Keys;
use crate::limits::{BRAZE_TRACK_OBJECTS, READ_BYTES};
use crate::rate::{RateWindow, Rates};
use crate::record::{Item, Received, State, Vendor};
use crate::{branch, braze, segment};

/// What the server and its holder share.
pub(crate) struct Shared {
    pub(crate) state: watch::Sender<State>,
    inner: Mutex<Inner>,
}

/// What decides how a request is answered.
pub(crate) struct Inner {
    pub(crate) keys: Keys,
    pub(crate) faults: FaultsByVendor,
    pub(crate) rates: Rates,
    pub(crate) track_objects: usize,
    seen: SeenIds,
}

/// The faults of each vendor, and those of whoever comes first.
#[derive(Default)]
pub(crate) struct FaultsByVendor {
    pub(crate) any: ScriptedFaults,
    of: BTreeMap<Vendor, ScriptedFaults>,
}

impl FaultsByVendor {
    pub(crate) fn of(&mut self, vendor: Vendor) -> &mut ScriptedFaults {
        self.of.entry(vendor).or_default()
    }

    fn next(&mut self, vendor: Vendor, path: &str) -> Option<Fault> {
        self.of(vendor).next(path).or_else(|| self.any.next(path))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Shared {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            state: watch::Sender::new(State::default()),
            inner: Mutex::new(Inner {
                keys,
                faults: FaultsByVendor::default(),
                rates: Rates::default(),
                track_objects: BRAZE_TRACK_OBJECTS,
                seen: SeenIds::default(),
            }),
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop`; all connections end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    let router = Router::new().fallback(receive).with_state(shared);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, router.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// In a response's extensions: it is not to be sent.
#[derive(Clone, Copy, Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scripted fault ends the connection")
    }
}

impl std::error::Error for HangUp {}

/// Serves one connection. axum always answers; an error of the service makes hyper end the connection without.
async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let answering = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = answering.call(request.map(Body::new));
        async move {
            match answer.await {
                Ok(response) if response.extensions().get::<HangUp>().is_none() => Ok(response),
                _ => Err(HangUp),
            }
        }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// What a request is answered with; no status ends the connection.
struct Answer {
    status: Option<u16>,
    body: String,
    headers: Vec<(String, String)>,
    delay: Option<Duration>,
}

async fn receive(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (path, method) = (parts.uri.path(), parts.method.as_str());
    let body = match to_bytes(body, READ_BYTES).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(_) => return response(413, String::new(), &[]),
    };
    let answer = answer(&shared, method, path, &parts.headers, &body);
    if let Some(delay) = answer.delay {
        tokio::time::sleep(delay).await;
    }
    match answer.status {
        Some(status) => response(status, answer.body, &answer.headers),
        None => {
            let mut nothing = Response::new(Body::empty());
            nothing.extensions_mut().insert(HangUp);
            nothing
        }
    }
}

fn response(status: u16, body: String, headers: &[(String, String)]) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    for (name, value) in json.iter().chain(headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Decides, and writes down what was decided, before anyone hears of it.
fn answer(shared: &Shared, method: &str, path: &str, headers: &HeaderMap, body: &str) -> Answer {
    let vendor = Vendor::of(path);
    let mut inner = shared.inner();
    let fault = inner.faults.next(vendor, path);
    let window = (vendor == Vendor::Braze).then(|| inner.rates.count(path, now_ms()));
    let mut answer = Answer {
        status: None,
        body: String::new(),
        headers: rate_headers(window),
        delay: None,
    };
    let judged = match &fault {
        Some(Fault::DropBefore) => None,
        Some(Fault::Status {
            status,
            headers,
            body,
        }) => {
            answer.status = Some(*status);
            answer.body.clone_from(body);
            answer.headers.extend(headers.iter().cloned());
            None
        }
        _ => {
            let request = VendorRequest {
                method,
                path,
                headers,
                body,
                item_fault: fault.as_ref().and_then(item_fault),
            };
            let judged = inner.judge(vendor, &request, window);
            if !matches!(fault, Some(Fault::DropAfter)) {
                answer.status = Some(judged.status);
            }
            answer.body.clone_from(&judged.body);
            Some(judged)
        }
    };
    if let Some(Fault::Delay(delay)) = fault {
        answer.delay = Some(delay);
    }
    let body = match vendor {
        Vendor::Branch => branch::without_key(body),
        Vendor::Braze | Vendor::Segment => body.to_owned(),
    };
    let received = Received {
        vendor,
        method: method.to_owned(),
        path: path.to_owned(),
        headers: kept(headers),
        body,
        status: answer.status,
        answer: answer.body.clone(),
        fault,
    };
    // Still under the lock, so that the record has the order of the decisions.
    shared
        .state
        .send_modify(|state| write_down(state, received, judged));
    answer
}

impl Inner {
    fn judge(&mut self, vendor: Vendor, request: &VendorRequest<'_>, window: Option<RateWindow>) -> Judged {
        if window.is_some_and(|window| window.is_over) {
            return Judged {
                status: 429,
                body: braze::message("Rate limit exceeded"),
                items: Vec::new(),
            };
        }
        match vendor {
            Vendor::Braze => braze::judge(request, &self.keys.braze_rest_api_key, self.track_objects),
            Vendor::Branch => branch::judge(request, &self.keys.branch_key),
            Vendor::Segment => segment::judge(request, &self.keys.segment_write_keys, &mut self.seen),
        }
    }
}

fn rate_headers(window: Option<RateWindow>) -> Vec<(String, String)> {
    let headers = window.into_iter().flat_map(RateWindow::headers);
    headers.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn item_fault(fault: &Fault) -> Option<ItemFault<'_>> {
    match fault {
        Fault::Item { array, index, reason } => Some(ItemFault {
            array,
            index: *index,
            reason,
        }),
        _ => None,
    }
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| *name != "authorization");
    kept.map(|(name, value)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
    .collect()
}

fn write_down(state: &mut State, received: Received, judged: Option<Judged>) {
    let request = state.requests.len();
    for item in judged.map(|judged| judged.items).unwrap_or_default() {
        let is_whole_body = item.array.is_empty();
        state.items.push(Item {
            vendor: received.vendor,
            request,
            endpoint: received.endpoint(),
            array: item.array,
            index: item.index,
            json: if is_whole_body {
                received.body.clone()
            } else {
                item.json
            },
            result: item.result,
            losses: item.losses,
        });
    }
    state.requests.push(received);
}
