//! What a message in the file queue says: which file, and from where on (`currents-files.md`, sections 2 and 9.1).

use event::Timestamp;
use event::json::Json;
use serde::{Deserialize, Serialize};

/// The version of the work message.
pub const VERSION: u64 = 1;

/// Why a work message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The file outlasted an invocation.
    FollowUp,
    /// The file was divided.
    Split,
    /// Reading failed for a while.
    Retry,
    /// `switchyard backfill`
    Backfill,
    /// `switchyard replay`
    Replay,
}

impl Cause {
    /// The word in messages and lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FollowUp => "follow_up",
            Self::Split => "split",
            Self::Retry => "retry",
            Self::Backfill => "backfill",
            Self::Replay => "replay",
        }
    }
}

/// A file that is to be read, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    v: u64,
    /// Its name at AWS.
    pub bucket: String,
    /// The key of the object.
    pub key: String,
    /// The version that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The first byte of a block; 0 for the beginning of the file.
    #[serde(default)]
    pub offset: u64,
    /// How many events of that block are left out.
    #[serde(default)]
    pub skip: u64,
    /// Reading ends at this byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Reading ends after so many events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Why it was sent; `None` for a notification of the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// When the first message about the file was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// How often messages before this one were received.
    #[serde(default)]
    pub attempt: u32,
    /// No reading before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// When it was last held for a person; the time for which it may fail counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Timestamp>,
}

impl Work {
    /// A whole file.
    pub const fn whole(bucket: String, key: String) -> Self {
        Self {
            v: VERSION,
            bucket,
            key,
            etag: None,
            offset: 0,
            skip: 0,
            to: None,
            count: None,
            cause: None,
            told_at: None,
            attempt: 0,
            not_before: None,
            held_at: None,
        }
    }

    /// The JSON text that SQS gets.
    pub fn to_body(&self) -> String {
        // Every member serialises.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A notification of S3, or work that a reader has left.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// A file that is to be read.
    Work(Work),
    /// A notification of something else than a new object.
    Other,
    /// Written by newer code.
    Newer,
    /// None of the forms.
    Unreadable,
}

#[derive(Deserialize)]
struct Notification {
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    bucket: BucketName,
    object: ObjectName,
}

#[derive(Deserialize)]
struct BucketName {
    name: String,
}

#[derive(Deserialize)]
struct ObjectName {
    key: String,
}

/// Opens the body of a message.
pub fn open(body: &str) -> Opened {
    let root = Json::parse(body).ok().and_then(Json::as_object);
    let Some(root) = root else {
        return Opened::Unreadable;
    };
    let text = |key: &str| root.get(key).and_then(Json::as_str);
    let version = root.get("v").and_then(Json::as_number);
    match version.and_then(|version| version.parse::<u64>().ok()) {
        Some(VERSION) if root.get("bucket").is_some() => {
            return serde_json::from_str(body).map_or(Opened::Unreadable, Opened::Work);
        }
        Some(newer) if newer > VERSION => return Opened::Newer,
        _ => {}
    }
    match (text("source").as_deref(), text("detail-type").as_deref()) {
        (Some("aws.s3"), Some("Object Created")) => {
            let read = serde_json::from_str::<Notification>(body);
            read.map_or(Opened::Unreadable, |Notification { detail }| {
                // Its size and ETag may be those of an object that was overwritten since.
                Opened::Work(Work::whole(detail.bucket.name, detail.object.key))
            })
        }
        (Some("aws.s3"), Some(_)) => Opened::Other,
        _ => Opened::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = r#"{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2026-03-01T12:00:00Z","region":"eu-west-1","resources":["arn:aws:s3:::acme-currents"],"detail":{"version":"0","bucket":{"name":"acme-currents"},"object":{"key":"currents/a b+c.avro","size":5,"etag":"9b2c","sequencer":"00"},"request-id":"N4N7","requester":"123456789012","reason":"PutObject"}}"#;

    #[test]
    fn a_notification_names_a_whole_file_and_no_more_is_believed() {
        event::rules!["CF-010", "CF-043"];
        let work = Work::whole("acme-currents".to_owned(), "currents/a b+c.avro".to_owned());
        assert_eq!(open(CREATED), Opened::Work(work));
        assert_eq!(
            open(&CREATED.replace("Object Created", "Object Deleted")),
            Opened::Other
        );
    }

    #[test]
    fn a_work_message_comes_back_as_it_was_written() {
        let body = r#"{"v":1,"bucket":"acme-currents","key":"currents/x.avro","etag":"9b2c","offset":48436003,"skip":58,"cause":"follow_up","told_at":"2026-03-01T11:58:12.001Z","attempt":1}"#;
        let Opened::Work(work) = open(body) else {
            panic!("{body}");
        };
        assert_eq!(
            (work.offset, work.skip, work.cause),
            (48_436_003, 58, Some(Cause::FollowUp))
        );
        assert_eq!(work.to_body(), body);
        assert_eq!(
            Work::whole("b".into(), "k".into()).to_body(),
            r#"{"v":1,"bucket":"b","key":"k","offset":0,"skip":0,"attempt":0}"#
        );
    }

    #[test]
    fn what_is_no_form_is_told_from_what_is_newer() {
        event::rules!["CF-010", "CF-015"];
        for body in [
            "",
            "{",
            "[]",
            "7",
            "{}",
            r#"{"v":1}"#,
            r#"{"v":0,"bucket":"b","key":"k"}"#,
            r#"{"v":1,"bucket":"b"}"#,
            r#"{"v":1,"bucket":7,"key":"k"}"#,
            r#"{"v":1,"bucket":"b","key":"k","offset":-1}"#,
            r#"{"source":"aws.s3"}"#,
            r#"{"source":"aws.s3","detail-type":7}"#,
            r#"{"source":"aws.s3","detail-type":"Object Created","detail":{}}"#,
        ] {
            assert_eq!(open(body), Opened::Unreadable, "{body}");
        }
        assert_eq!(open(r#"{"v":2,"other":true}"#), Opened::Newer);
    }
}
