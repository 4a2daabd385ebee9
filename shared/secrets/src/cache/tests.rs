use super::*;
use crate::{BrazeKey, Secrets};
use event::ports::CallFailed;
use telemetry::Secret;

#[derive(Default)]
struct Store {
    text: RefCell<Option<String>>,
    /// What it says when it has no text.
    code: Cell<&'static str>,
    calls: Cell<u32>,
    new_connections: Cell<u32>,
    /// How many of the next new connections never answer.
    dead_connections: Cell<u32>,
}

impl Secrets for &Store {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        self.calls.set(self.calls.get() + 1);
        let failed = || CallFailed {
            operation: "GetSecretValue",
            code: self.code.get().to_owned(),
        };
        self.text.borrow().clone().map(Secret::new).ok_or_else(failed)
    }

    async fn fetch_over_new_connection(&self) -> Result<Secret, CallFailed> {
        self.new_connections.set(self.new_connections.get() + 1);
        if self.dead_connections.get() > 0 {
            self.dead_connections.set(self.dead_connections.get() - 1);
            std::future::pending::<()>().await;
        }
        self.fetch().await
    }
}

struct Time(Cell<i64>);

impl Clock for &Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.get())
    }

    async fn sleep(&self, millis: u64) {
        self.0.set(self.0.get() + millis as i64);
    }
}

struct Even;

impl Random for Even {
    fn unit(&self) -> f64 {
        0.5
    }
}

type Cache<'a> = SecretCache<&'a Store, &'a Time, Even, BrazeKey>;

fn world(text: Option<&str>) -> (Store, Time) {
    (
        Store {
            text: RefCell::new(text.map(str::to_owned)),
            code: Cell::new("ThrottlingException"),
            ..Store::default()
        },
        Time(Cell::new(0)),
    )
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn key(value: Option<Rc<BrazeKey>>) -> Option<String> {
    value?.rest_api_key.as_ref().map(|key| key.lend(str::to_owned))
}

#[test]
fn an_old_value_is_fetched_again_and_serves_24_hours_without() {
    event::rules!["RS-010", "RS-012"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        assert_eq!(key(cache.current().await).as_deref(), Some("a"));
        time.0.set(299_999);
        cache.current().await;
        assert_eq!(store.calls.get(), 1);
        *store.text.borrow_mut() = None;
        time.0.set(300_000);
        assert_eq!(key(cache.current().await).as_deref(), Some("a"));
        cache.current().await;
        assert_eq!(store.calls.get(), 2, "a failed fetch is not repeated for 30 s");
        time.0.set(330_000);
        cache.current().await;
        assert_eq!(store.calls.get(), 3);
        let failed = FetchFailure::Call(CallFailed {
            operation: "GetSecretValue",
            code: "ThrottlingException".to_owned(),
        });
        assert_eq!(cache.take_report().failures, [failed.clone(), failed]);
        time.0.set(24 * 3600 * 1000);
        assert!(cache.current().await.is_none());
    });
}

#[test]
fn near_its_time_a_value_wants_a_refresh() {
    event::rules!["RS-011"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        time.0.set(239_000);
        assert!(!cache.wants_refresh());
        time.0.set(240_000);
        assert!(cache.wants_refresh());
        cache.refresh().await;
        assert!(!cache.wants_refresh());
    });
}

#[test]
fn what_does_not_parse_changes_nothing_what_is_empty_does() {
    event::rules!["RS-003", "RS-004"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":["a"]}"#.to_owned());
        time.0.set(20_000);
        assert!(matches!(cache.renew_unless_recent(1000).await, Renewal::Failed));
        let member = Some("rest_api_key");
        assert_eq!(
            cache.take_report().failures,
            [FetchFailure::Malformed(Malformed { member })]
        );
        assert_eq!(key(cache.usable()).as_deref(), Some("a"));
        for empty in ["", r#"{"rest_api_key":""}"#] {
            time.0.set(time.0.get() + 20_000);
            *store.text.borrow_mut() = Some(empty.to_owned());
            let renewed = cache.renew_unless_recent(1000).await;
            assert!(matches!(renewed, Renewal::Fetched { changed: true, .. }));
            assert_eq!(key(cache.usable()), None);
        }
    });
}

#[test]
fn a_secret_without_a_value_is_one_without_entries() {
    event::rules!["RS-015"];
    run(async {
        let (store, time) = world(None);
        store.code.set("ResourceNotFoundException");
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        for _ in 0..3 {
            let value = cache.current().await;
            assert!(value.is_some_and(|value| value.rest_api_key.is_none()));
            time.0.set(time.0.get() + 301_000);
        }
        assert_eq!(cache.take_report().failures, []);
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":"a"}"#.to_owned());
        assert!(matches!(
            cache.renew_unless_recent(1000).await,
            Renewal::Fetched { changed: true, .. }
        ));
        // The secret of a value that was seen is gone: that is a failed fetch.
        *store.text.borrow_mut() = None;
        time.0.set(time.0.get() + 301_000);
        assert_eq!(key(cache.current().await).as_deref(), Some("a"));
        assert_eq!(cache.take_report().failures.len(), 1);
    });
}

#[test]
fn a_forced_fetch_begins_at_most_once_in_ten_seconds() {
    event::rules!["RS-014", "RC-035"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        for tenth in 0..600 {
            time.0.set(tenth * 100);
            for _ in 0..100 {
                assert!(!matches!(cache.renew_unless_recent(1000).await, Renewal::Failed));
            }
        }
        assert_eq!(store.calls.get(), 6, "1000 mismatches a second for a minute");
        time.0.set(60_000);
        let renewed = cache.renew_unless_recent(1000).await;
        assert!(matches!(renewed, Renewal::Fetched { changed: false, .. }));
        time.0.set(69_999);
        assert!(matches!(cache.renew_unless_recent(1000).await, Renewal::Recent));
    });
}

#[test]
fn after_a_failed_fetch_nobody_is_asked_for_ten_seconds() {
    event::rules!["RC-036", "RS-014"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        *store.text.borrow_mut() = None;
        time.0.set(10_000);
        assert!(matches!(cache.renew_unless_recent(1000).await, Renewal::Failed));
        let calls = store.calls.get();
        assert_eq!(calls, 3, "two attempts");
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":"b"}"#.to_owned());
        time.0.set(19_999);
        assert!(matches!(cache.renew_unless_recent(1000).await, Renewal::Failed));
        assert_eq!(store.calls.get(), calls);
        time.0.set(20_000);
        let renewed = cache.renew_unless_recent(1000).await;
        assert!(matches!(renewed, Renewal::Fetched { changed: true, .. }));
    });
}

#[test]
fn a_forced_fetch_tries_two_new_connections_within_its_time() {
    event::rules!["RS-014"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        store.dead_connections.set(1);
        assert!(matches!(
            cache.renew_unless_recent(375).await,
            Renewal::Fetched { .. }
        ));
        assert_eq!((store.new_connections.get(), time.0.get()), (2, 187));
        time.0.set(20_000);
        store.dead_connections.set(2);
        assert!(matches!(cache.renew_unless_recent(375).await, Renewal::Failed));
        assert_eq!((store.new_connections.get(), time.0.get()), (4, 20_374));
        assert_eq!(cache.take_report().failures, [FetchFailure::TimedOut]);
    });
}

#[test]
fn who_asks_during_a_forced_fetch_gets_what_it_gives() {
    event::rules!["RS-014", "RS-021"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":"b"}"#.to_owned());
        time.0.set(20_000);
        store.dead_connections.set(1);
        let (first, second) =
            futures_util::future::join(cache.renew_unless_recent(1000), cache.renew_unless_recent(1000))
                .await;
        assert!(matches!(first, Renewal::Fetched { changed: true, .. }));
        assert!(matches!(second, Renewal::Recent));
        assert_eq!(key(cache.usable()).as_deref(), Some("b"));
    });
}

#[test]
fn a_key_that_is_refused_is_fetched_however_young_it_is() {
    event::rules!["RS-014", "RD-084"];
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":"b"}"#.to_owned());
        time.0.set(1);
        assert!(matches!(
            cache.renew(1000).await,
            Renewal::Fetched { changed: true, .. }
        ));
        for second in 0..10 {
            time.0.set(1 + second * 1000);
            assert!(matches!(cache.renew(1000).await, Renewal::Recent));
        }
        time.0.set(10_001);
        assert!(matches!(
            cache.renew(1000).await,
            Renewal::Fetched { changed: false, .. }
        ));
    });
}
