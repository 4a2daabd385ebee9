//! The sandbox as its user holds it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::faults::Fault;
use crate::keys::Keys;
use crate::rate::RateLimit;
use crate::record::{Item, Received, State, Vendor};
use crate::server::{Shared, serve};

/// A running sandbox: one address for all three vendors. It serves on a thread of its own until it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds a free port of 127.0.0.1 and serves.
    ///
    /// # Errors
    /// What the system says of sockets and threads.
    pub fn start(keys: Keys) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let shared = Arc::new(Shared::new(keys));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || runtime.block_on(serve(listener, served, stopped)))?;
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://127.0.0.1:<port>`, for each vendor.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes these keys from now on, and no others.
    pub fn set_keys(&self, keys: Keys) {
        self.shared.inner().keys = keys;
    }

    /// Takes no key of this vendor any more, until [`Self::set_keys`]. Braze then answers 401, Branch 400; Segment answers
    /// 200 and discards, as it does with keys that it does not know.
    pub fn revoke(&self, vendor: Vendor) {
        let keys = &mut self.shared.inner().keys;
        match vendor {
            Vendor::Braze => keys.braze_rest_api_key.clear(),
            Vendor::Branch => keys.branch_key.clear(),
            Vendor::Segment => keys.segment_write_keys.clear(),
        }
    }

    /// Plays `fault` for the next `times` requests to `path`, such as `/users/track`, or to any path of any vendor; after
    /// all that was planned for it before. What is planned for a vendor or one of its paths comes before what is planned
    /// for any.
    pub fn plan(&self, path: Option<&str>, times: u32, fault: Fault) {
        let faults = &mut self.shared.inner().faults;
        match path {
            Some(path) => faults.of(Vendor::of(path)).plan(Some(path), times, fault),
            None => faults.any.plan(None, times, fault),
        }
    }

    /// Plays `fault` for the next `times` requests to a vendor, whatever their path.
    pub fn plan_for(&self, vendor: Vendor, times: u32, fault: Fault) {
        self.shared.inner().faults.of(vendor).plan(None, times, fault);
    }

    /// Forgets every fault that has not been played.
    pub fn clear_plans(&self) {
        self.shared.inner().faults.clear();
    }

    /// Braze takes this many objects in one `/users/track` request; some contracts have 50. The default is 75.
    pub fn set_track_objects(&self, most: usize) {
        self.shared.inner().track_objects = most;
    }

    /// Braze limits `path`, and the paths that share its limit, in this way; by default as documented.
    pub fn set_rate_limit(&self, path: &str, limit: RateLimit) {
        self.shared.inner().rates.set(path, limit);
    }

    /// Every request, in the order of arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.state.borrow().requests.clone()
    }

    /// Every item that was checked, accepted or not.
    pub fn items(&self) -> Vec<Item> {
        self.shared.state.borrow().items.clone()
    }

    /// The items that a vendor has taken, each once.
    pub fn accepted(&self, vendor: Vendor) -> Vec<Item> {
        self.shared.state.borrow().accepted(vendor).cloned().collect()
    }

    /// The items that were answered as if they were taken, and then dropped.
    pub fn discarded(&self) -> Vec<Item> {
        self.shared.state.borrow().discarded().cloned().collect()
    }

    /// The items that were refused for what they are, or by a [`Fault::Item`].
    pub fn refused(&self) -> Vec<Item> {
        self.shared.state.borrow().refused().cloned().collect()
    }

    /// The items that were taken without some part of them: see [`Item::losses`].
    pub fn impaired(&self) -> Vec<Item> {
        self.shared.state.borrow().impaired().cloned().collect()
    }

    /// Waits until `condition` is true of what was seen, at most for `timeout`; says whether it came true. It is looked at
    /// once at the start, and again after each request.
    #[must_use]
    pub async fn wait_until(&self, timeout: Duration, condition: impl FnMut(&State) -> bool) -> bool {
        let mut condition = condition;
        let mut seen = self.shared.state.subscribe();
        let waiting = seen.wait_for(|state| condition(state));
        matches!(tokio::time::timeout(timeout, waiting).await, Ok(Ok(_)))
    }

    /// The items after the first `known` ones (all results, all vendors), as soon as there are any.
    pub async fn items_after(&self, known: usize) -> Vec<Item> {
        let mut seen = self.shared.state.subscribe();
        match seen.wait_for(|state| state.items.len() > known).await {
            Ok(state) => state.items.iter().skip(known).cloned().collect(),
            // The sender lives as long as we do.
            Err(_) => Vec::new(),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
