//! Which files of a bucket belong to a span of hours, found with few requests.

use currents::key;
use event::Timestamp;
use event::settings::{BrazeToSegment, Pattern};
use mapping::braze_to_segment::closed_to_type;

use super::Error;

/// One object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// Its bytes.
    pub(crate) size: u64,
    /// When it was written.
    pub(crate) written_at: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Objects, by their keys in byte order.
    pub(crate) objects: Vec<Object>,
    /// What stands before the delimiter in the keys of all others.
    pub(crate) folders: Vec<String>,
    /// What asks for the next page, if there is one.
    pub(crate) continuation: Option<String>,
}

/// Which page is asked for. What is empty does not narrow it down.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageRequest {
    /// What the keys begin with.
    pub(crate) prefix: String,
    /// Whether keys with a `/` behind the prefix come as folders.
    pub(crate) by_folder: bool,
    /// Only keys behind this one.
    pub(crate) after: String,
    /// [`Page::continuation`] of the page before.
    pub(crate) continuation: String,
}

/// Lists a bucket: one `ListObjectsV2` a call.
#[allow(async_fn_in_trait, reason = "everything runs on one thread")]
pub(crate) trait Listing {
    /// Up to 1,000 keys and folders.
    async fn page(&self, request: &PageRequest) -> Result<Page, Error>;
}

/// What is looked for.
pub(crate) struct Wanted<'w> {
    /// What keys begin with.
    pub(crate) prefix: String,
    /// The first hour, such as `2026-01-01-00`.
    pub(crate) from: String,
    /// The hour behind the last one.
    pub(crate) to: String,
    /// The first and the one behind the last moment, for keys without an hour.
    pub(crate) span: (Timestamp, Timestamp),
    /// Types; empty for those that the settings let through.
    pub(crate) types: Vec<Pattern>,
    /// What the settings let through.
    pub(crate) settings: &'w BrazeToSegment,
    /// Keys up to this one are done.
    pub(crate) after: Option<String>,
}

impl Wanted<'_> {
    /// Whether a file belongs to it.
    fn takes(&self, object: &Object) -> bool {
        let in_time = match key::hour(&object.key) {
            Some(hour) => hour >= self.from.as_str() && hour < self.to.as_str(),
            None => object.written_at >= self.span.0 && object.written_at < self.span.1,
        };
        let is_behind = self
            .after
            .as_deref()
            .is_none_or(|after| object.key.as_str() > after);
        in_time && is_behind && key::is_read(&object.key, &self.prefix) && self.takes_type(&object.key)
    }

    fn takes_type(&self, key: &str) -> bool {
        let Some(named) = key::event_type(key) else {
            return true;
        };
        let named = currents::type_of_key(named);
        if self.types.is_empty() {
            closed_to_type(event::currents::canonical(named), self.settings).is_none()
        } else {
            self.types.iter().any(|pattern| pattern.matches(named))
        }
    }
}

/// All files that are wanted, in byte order of their keys. Folders are opened one by one down to those of a type; there the
/// listing begins at the first hour and ends at the last.
pub(crate) async fn files(listing: &impl Listing, wanted: &Wanted<'_>) -> Result<Vec<Object>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![wanted.prefix.clone()];
    while let Some(folder) = folders.pop() {
        // A prefix may end within the name of a type.
        if folder.ends_with('/') && key::event_type(&folder).is_some() {
            if wanted.takes_type(&folder) {
                of_type(listing, wanted, &folder, &mut found).await?;
            }
            continue;
        }
        let mut request = PageRequest {
            prefix: folder,
            by_folder: true,
            ..PageRequest::default()
        };
        loop {
            let page = listing.page(&request).await?;
            found.extend(page.objects.into_iter().filter(|object| wanted.takes(object)));
            folders.extend(page.folders);
            match page.continuation {
                Some(continuation) => request.continuation = continuation,
                None => break,
            }
        }
    }
    found.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(found)
}

/// The files of a folder of one type: those of the hours, and what lies before and behind all hours.
async fn of_type(
    listing: &impl Listing,
    wanted: &Wanted<'_>,
    folder: &str,
    found: &mut Vec<Object>,
) -> Result<(), Error> {
    let at = |name: &str, hour: &str| format!("{folder}{name}{hour}");
    for (after, until) in [
        (String::new(), Some(at("date=", ""))),
        (at("date=", &wanted.from), Some(at("date=", &wanted.to))),
        // The character behind `=`.
        (at("date>", ""), None),
    ] {
        let mut request = PageRequest {
            prefix: folder.to_owned(),
            after,
            ..PageRequest::default()
        };
        loop {
            let page = listing.page(&request).await?;
            let is_over = |object: &Object| until.as_ref().is_some_and(|until| object.key >= *until);
            let is_last = page.objects.last().is_none_or(&is_over);
            let objects = page.objects.into_iter().filter(|object| !is_over(object));
            found.extend(objects.filter(|object| wanted.takes(object)));
            match page.continuation {
                Some(continuation) if !is_last => request.continuation = continuation,
                _ => break,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    struct Bucket {
        keys: Vec<String>,
        requests: Cell<usize>,
    }

    impl Bucket {
        fn of(mut keys: Vec<String>) -> Self {
            keys.sort();
            Self {
                keys,
                requests: Cell::new(0),
            }
        }
    }

    /// As S3 answers. Its token says behind which key, or behind which folder, the next page begins.
    impl Listing for Bucket {
        async fn page(&self, request: &PageRequest) -> Result<Page, Error> {
            self.requests.set(self.requests.get() + 1);
            let mut page = Page::default();
            let behind = if request.continuation.is_empty() {
                &request.after
            } else {
                &request.continuation
            };
            let mut last = String::new();
            for key in self.keys.iter().filter(|key| key.starts_with(&request.prefix)) {
                let rest = key.strip_prefix(&request.prefix).unwrap();
                let folder = rest.split_once('/').filter(|_| request.by_folder);
                let folder = folder.map(|(name, _)| format!("{}{name}/", request.prefix));
                let named = folder.as_ref().unwrap_or(key);
                // What is asked for again after a token is not what the token has named.
                if (named <= behind && key <= behind) || named == behind || *named == last {
                    continue;
                }
                if page.objects.len() + page.folders.len() == 1000 {
                    page.continuation = Some(last);
                    break;
                }
                last.clone_from(named);
                match folder {
                    Some(folder) => page.folders.push(folder),
                    None => page.objects.push(Object {
                        key: key.clone(),
                        size: 10,
                        written_at: Timestamp::parse("2026-01-01T10:00:00Z").unwrap(),
                    }),
                }
            }
            Ok(page)
        }
    }

    const OPEN: &str = "users.messages.email.Open";
    const CLICK: &str = "users.messages.email.Click";
    const CUSTOM: &str = "users.behaviors.CustomEvent";

    /// Three years of one file an hour, of three types.
    fn bucket() -> Bucket {
        let mut keys = Vec::new();
        for event_type in [OPEN, CLICK, CUSTOM] {
            for year in 2024..2027 {
                for month in 1..=12 {
                    for day in 1..=28 {
                        for hour in 0..24 {
                            keys.push(format!("currents/D/event_type={event_type}/date={year}-{month:02}-{day:02}-{hour:02}/version=10/us-01/D+0+1.avro"));
                        }
                    }
                }
            }
        }
        keys.push("currents/plain.avro".to_owned());
        keys.push("currents/readme.txt".to_owned());
        Bucket::of(keys)
    }

    fn wanted(settings: &BrazeToSegment) -> Wanted<'_> {
        Wanted {
            prefix: "currents/".to_owned(),
            from: "2026-01-01-00".to_owned(),
            to: "2026-01-02-00".to_owned(),
            span: (
                Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
                Timestamp::parse("2026-01-02T00:00:00Z").unwrap(),
            ),
            types: Vec::new(),
            settings,
            after: None,
        }
    }

    #[tokio::test]
    async fn a_day_out_of_three_years_costs_few_requests() {
        event::rules!["CF-110", "CF-111"];
        let (bucket, settings) = (bucket(), BrazeToSegment::default());
        let found = files(&bucket, &wanted(&settings)).await.unwrap();
        assert_eq!(
            found.len(),
            24 + 24 + 1,
            "two types that are let through, and the file without an hour"
        );
        assert!(found.iter().all(|object| !object.key.contains(CUSTOM)));
        assert!(
            found.is_sorted_by(|one, next| one.key < next.key),
            "in byte order"
        );
        assert!(bucket.requests.get() <= 2 + 3 * 3, "{}", bucket.requests.get());
    }

    #[tokio::test]
    async fn types_and_the_last_key_narrow_it_down() {
        event::rules!["CF-110", "CF-114"];
        let (bucket, settings) = (bucket(), BrazeToSegment::default());
        let mut wanted = wanted(&settings);
        wanted.types = vec![Pattern::new("users.behaviors.*")];
        let found = files(&bucket, &wanted).await.unwrap();
        assert_eq!(
            found.iter().filter(|object| object.key.contains(CUSTOM)).count(),
            24
        );
        wanted.after = Some(found[10].key.clone());
        let rest = files(&bucket, &wanted).await.unwrap();
        assert_eq!(rest, found[11..]);
    }

    #[tokio::test]
    async fn files_without_an_hour_count_wherever_they_lie() {
        event::rules!["CF-110"];
        let folder = format!("currents/D/event_type={OPEN}/");
        let keys = [
            "a.avro",
            "date=2026-01-01-05/x.avro",
            "date=2025-12-31-23/x.avro",
            "other/x.avro",
            "z.avro",
        ]
        .map(|name| format!("{folder}{name}"));
        let (bucket, settings) = (Bucket::of(keys.to_vec()), BrazeToSegment::default());
        let found = files(&bucket, &wanted(&settings)).await.unwrap();
        let found: Vec<_> = found.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(found, [&*keys[0], &*keys[1], &*keys[3], &*keys[4]]);
    }

    #[tokio::test]
    async fn a_prefix_may_end_anywhere() {
        event::rules!["CF-110"];
        let (bucket, settings) = (bucket(), BrazeToSegment::default());
        for (prefix, count) in [
            ("", 48 + 1),
            ("currents/D/event_type=users.messages.email.", 48),
            ("currents/D/event_type=users.messages.email.Op", 24),
            (
                "currents/D/event_type=users.messages.email.Open/date=2026-01-01-0",
                10,
            ),
            (
                "currents/D/event_type=users.messages.email.Open/date=2026-01-01-07/",
                1,
            ),
            ("currents/D/event_type=users.behaviors.", 0),
        ] {
            let wanted = Wanted {
                prefix: prefix.to_owned(),
                ..wanted(&settings)
            };
            assert_eq!(files(&bucket, &wanted).await.unwrap().len(), count, "{prefix}");
        }
    }

    #[tokio::test]
    async fn every_page_is_read_once() {
        event::rules!["CF-111"];
        let folders =
            (0..1_001).map(|at| format!("currents/{at:04}/event_type={OPEN}/date=2026-01-01-05/x.avro"));
        let files_of_an_hour =
            (0..2_500).map(|at| format!("currents/9999/event_type={OPEN}/date=2026-01-01-07/{at:04}.avro"));
        let bucket = Bucket::of(folders.chain(files_of_an_hour).collect());
        let settings = BrazeToSegment::default();
        let found = files(&bucket, &wanted(&settings)).await.unwrap();
        assert_eq!(found.len(), 3_501);
        assert!(found.is_sorted_by(|one, next| one.key < next.key), "each once");
    }
}
