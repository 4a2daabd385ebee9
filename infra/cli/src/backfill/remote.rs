//! The bucket and the queues at AWS.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;
use event::Timestamp;
use roxmltree::{Document, Node};

use super::listing::{Listing, Object, Page, PageRequest};
use super::sending::Queues;
use super::{Error, Options};

/// How the names of the two queues end.
const FILES: &str = "-braze-files";
const SEGMENT: &str = "-segment";
/// How much of a refusal is shown.
const SHOWN: usize = 300;

/// AWS, with the caller's own rights.
pub(crate) struct Remote {
    s3: aws::S3,
    sqs: aws_sdk_sqs::Client,
    bucket: String,
    files: String,
    segment: String,
}

fn failed(operation: &'static str, detail: impl ToString) -> Error {
    let detail = detail.to_string().chars().take(SHOWN).collect();
    Error::Call { operation, detail }
}

impl Remote {
    pub(crate) async fn new(options: &Options) -> Result<Self, Error> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let sqs = aws_sdk_sqs::Client::new(&config);
        let files = match (&options.queue, &options.stack) {
            (Some(url), _) => url.clone(),
            (None, stack) => {
                let name = format!("{}{FILES}", stack.as_deref().unwrap_or("switchyard"));
                let found = sqs.get_queue_url().queue_name(name).send().await;
                let found = found.map_err(|error| failed("GetQueueUrl", DisplayErrorContext(&error)))?;
                found.queue_url.unwrap_or_default()
            }
        };
        let segment = match files.strip_suffix(FILES) {
            Some(stack) => format!("{stack}{SEGMENT}"),
            None => return Err(failed("--queue", format!("{files} does not end with {FILES}"))),
        };
        Ok(Self {
            s3: aws::S3::new(&config).map_err(|error| failed("the HTTP client", error))?,
            sqs,
            bucket: options.bucket.clone(),
            files,
            segment,
        })
    }

    /// Messages of a queue: visible, in flight and delayed.
    async fn depth(&self, url: &str) -> Result<u64, Error> {
        const COUNTS: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let call = self.sqs.get_queue_attributes().queue_url(url);
        let answer = call.set_attribute_names(Some(COUNTS.to_vec())).send().await;
        let answer = answer.map_err(|error| failed("GetQueueAttributes", DisplayErrorContext(&error)))?;
        let counts = answer.attributes.unwrap_or_default();
        Ok(counts
            .values()
            .filter_map(|count| count.parse::<u64>().ok())
            .sum())
    }
}

impl Queues for Remote {
    async fn send(&self, body: String) -> Result<(), Error> {
        let call = self.sqs.send_message().queue_url(&self.files).message_body(body);
        let sent = call.message_group_id("braze").send().await;
        sent.map(drop)
            .map_err(|error| failed("SendMessage", DisplayErrorContext(&error)))
    }

    async fn depths(&self) -> Result<(u64, u64), Error> {
        Ok((self.depth(&self.files).await?, self.depth(&self.segment).await?))
    }
}

impl Listing for Remote {
    async fn page(&self, request: &PageRequest) -> Result<Page, Error> {
        const OPERATION: &str = "ListObjectsV2";
        let listed = aws::Listed {
            bucket: &self.bucket,
            prefix: &request.prefix,
            delimiter: if request.by_folder { "/" } else { "" },
            after: &request.after,
            continuation: &request.continuation,
        };
        let answer = self.s3.list(&listed).await;
        let answer = answer.map_err(|error| failed(OPERATION, error))?;
        page(&answer).ok_or_else(|| failed(OPERATION, answer))
    }
}

/// Reads the answer to a `ListObjectsV2`.
fn page(answer: &str) -> Option<Page> {
    let document = Document::parse(answer).ok()?;
    let root = document.root_element();
    let text = |node: Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.tag_name().name() == name)?;
        Some(child.text().unwrap_or_default().to_owned())
    };
    if root.tag_name().name() != "ListBucketResult" {
        return None;
    }
    let of = |name: &'static str| {
        root.children()
            .filter(move |child| child.tag_name().name() == name)
    };
    let is_encoded = text(root, "EncodingType").as_deref() == Some("url");
    let key = |node, name: &str| {
        let key = text(node, name)?;
        Some(if is_encoded { decoded(&key) } else { key })
    };
    let object = |node| {
        Some(Object {
            key: key(node, "Key")?,
            size: text(node, "Size")?.parse().ok()?,
            written_at: Timestamp::parse(&text(node, "LastModified")?)?,
        })
    };
    Some(Page {
        objects: of("Contents").map(object).collect::<Option<_>>()?,
        folders: of("CommonPrefixes")
            .map(|node| key(node, "Prefix"))
            .collect::<Option<_>>()?,
        continuation: text(root, "NextContinuationToken").filter(|token| !token.is_empty()),
    })
}

/// A key as S3 encodes it: as the value of a form.
fn decoded(key: &str) -> String {
    let form = format!("={key}");
    let value = form_urlencoded::parse(form.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_with_its_folders() {
        let answer = r#"<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken><Contents><Key>a%26b+c%2B%01.avro</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>7</Size></Contents><CommonPrefixes><Prefix>currents/date%3D1/</Prefix></CommonPrefixes></ListBucketResult>"#;
        let page = page(answer).unwrap();
        assert_eq!(page.continuation.as_deref(), Some("t/1="));
        assert_eq!(page.folders, ["currents/date=1/"]);
        assert_eq!(
            (page.objects[0].key.as_str(), page.objects[0].size),
            ("a&b c+\u{1}.avro", 7)
        );
        assert!(super::page("<Error><Code>AccessDenied</Code></Error>").is_none());
    }
}
