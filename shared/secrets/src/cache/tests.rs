use super::*;
use crate::{BrazeKey, Secrets};
use event::ports::CallFailed;
use telemetry::Secret;

struct Store {
    text: RefCell<Option<String>>,
    calls: Cell<u32>,
}

impl Secrets for &Store {
    async fn fetch(&self) -> Result<Secret, CallFailed> {
        self.calls.set(self.calls.get() + 1);
        let failed = || CallFailed {
            operation: "GetSecretValue",
            code: "timeout".to_owned(),
        };
        self.text.borrow().clone().map(Secret::new).ok_or_else(failed)
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
            calls: Cell::new(0),
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
fn rs_010_rs_012_a_value_is_fetched_anew_after_its_time_and_serves_24_hours_without() {
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
        assert_eq!(cache.take_failures(), 2);
        time.0.set(24 * 3600 * 1000);
        assert!(cache.current().await.is_none());
    });
}

#[test]
fn rs_011_near_its_time_a_value_wants_a_refresh() {
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
fn rs_003_rs_004_what_does_not_parse_changes_nothing_and_what_is_empty_takes_effect() {
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        cache.current().await;
        *store.text.borrow_mut() = Some("oops".to_owned());
        assert!(matches!(cache.renew().await, Renewal::Failed));
        assert_eq!(key(cache.usable()).as_deref(), Some("a"));
        *store.text.borrow_mut() = Some(r#"{"rest_api_key":""}"#.to_owned());
        assert!(matches!(
            cache.renew().await,
            Renewal::Fetched { changed: true, .. }
        ));
        assert_eq!(key(cache.usable()), None);
    });
}

#[test]
fn rs_014_forced_fetches_are_two_and_then_one_every_30_seconds() {
    run(async {
        let (store, time) = world(Some(r#"{"rest_api_key":"a"}"#));
        let cache: Cache<'_> = SecretCache::new(&store, &time, Even);
        for second in 0..60 {
            time.0.set(second * 1000);
            for _ in 0..1000 {
                cache.renew().await;
            }
        }
        assert_eq!(
            store.calls.get(),
            3,
            "1000 mismatches a second cost 2 calls and 1 more every 30 s"
        );
        time.0.set(60_000);
        assert!(matches!(
            cache.renew().await,
            Renewal::Fetched { changed: false, .. }
        ));
        assert!(matches!(cache.renew().await, Renewal::Limited));
    });
}
