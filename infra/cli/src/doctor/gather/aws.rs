//! The calls to AWS, and what their answers hold.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use event::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Look;
use crate::account::xml::{child, parse};
use crate::account::{Concurrency, Error};
use crate::doctor::expected::{ExpectedEventSource, ExpectedFunction, ExpectedQueue};
use crate::doctor::facts::{Alarms, Difference, EventSource, Function, Queue, QueueKind, Quota};
use crate::wall_clock::now;

/// The version of an operation that came later than the others. AWS docs "Lambda API reference".
const LAYER_VERSION: &str = "2018-10-31";
/// The file in the layer.
const SETTINGS_FILE: &str = "switchyard.toml";
/// What all queues take. AWS: Amazon SQS quotas.
const MESSAGE_SIZE: u64 = 1_048_576;
/// The most pages of log lines that are read of a function: 10,000 lines, or 1 MB, each.
const LOG_PAGES: usize = 20;
/// For how many seconds ages are looked back: SQS's metrics come late.
const AGE_LOOK_BACK_MS: i64 = 900_000;
const PARTIAL: &str = "ReportBatchItemFailures";

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn of(mut self, what: &'static str, wanted: impl ToString, found: Option<impl ToString>) -> Self {
        let (wanted, found) = (
            wanted.to_string(),
            found.map_or_else(|| "unset".to_owned(), |found| found.to_string()),
        );
        if wanted != found {
            self.0.push(Difference { what, wanted, found });
        }
        self
    }
}

impl Look<'_> {
    /// `lambda:GetFunctionConfiguration`.
    pub(super) async fn configuration(
        &self,
        id: &str,
        expected: &ExpectedFunction,
    ) -> Result<Function, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            timeout: Option<u64>,
            memory_size: Option<u64>,
            #[serde(default)]
            layers: Vec<Layer>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Layer {
            arn: String,
        }
        let path = format!("functions/{id}/configuration");
        let found: Found = self.stack.api().lambda(Method::GET, &path, Vec::new()).await?;
        let own = self.layer();
        let differences = Differences::default()
            .of("Timeout", expected.timeout, found.timeout)
            .of("MemorySize", expected.memory, found.memory_size);
        Ok(Function {
            name: expected.name,
            has_layer: found.layers.iter().any(|layer| Some(layer.arn.as_str()) == own),
            differences: differences.0,
        })
    }

    /// The settings layer of the stack, the only one that it has.
    fn layer(&self) -> Option<&str> {
        self.deployment.of_type("AWS::Lambda::LayerVersion").next()
    }

    /// `lambda:GetLayerVersion`, and the settings in it.
    pub(super) async fn layer_settings(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            content: Content,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Content {
            location: String,
        }
        const OPERATION: &str = "GetLayerVersion";
        let unexpected = |detail: String| Error::Unexpected {
            operation: OPERATION.to_owned(),
            detail,
        };
        let no_answer = |source| Error::NoAnswer {
            operation: "downloading the settings layer".to_owned(),
            source,
        };
        let arn = self
            .layer()
            .ok_or_else(|| unexpected("the stack has no layer".to_owned()))?;
        // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
        let (name, version) = arn
            .rsplit_once(':')
            .ok_or_else(|| unexpected(format!("{arn} is no version of a layer")))?;
        let name = name.rsplit(':').next().unwrap_or(name);
        let path = format!("layers/{name}/versions/{version}");
        let api = self.stack.api();
        let found: Found = api
            .lambda_of(LAYER_VERSION, Method::GET, &path, Vec::new())
            .await?;
        let answer = api.client().get(&found.content.location).send().await;
        let answer = answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(no_answer)?;
        let zip = answer.bytes().await.map_err(no_answer)?;
        let mut archive =
            zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| unexpected(error.to_string()))?;
        let mut file = archive
            .by_name(SETTINGS_FILE)
            .map_err(|error| unexpected(format!("{SETTINGS_FILE}: {error}")))?;
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| unexpected(error.to_string()))?;
        Ok(text)
    }

    /// `lambda:ListEventSourceMappings`.
    pub(super) async fn event_source(
        &self,
        id: &str,
        function: &'static str,
        expected: ExpectedEventSource,
    ) -> Result<EventSource, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            #[serde(default)]
            event_source_mappings: Vec<Mapping>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Mapping {
            state: String,
            batch_size: Option<u64>,
            maximum_batching_window_in_seconds: Option<u64>,
            #[serde(default)]
            scaling_config: ScalingConfig,
            #[serde(default)]
            function_response_types: Vec<String>,
        }
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "PascalCase")]
        struct ScalingConfig {
            maximum_concurrency: Option<u64>,
        }
        let path = format!("event-source-mappings?FunctionName={id}");
        let found: Found = self.stack.api().lambda(Method::GET, &path, Vec::new()).await?;
        let mapping = found.event_source_mappings.into_iter().next();
        let profile = self.deployment.parameters.get("Profile");
        let batching = expected.batching(profile.map(String::as_str).unwrap_or_default());
        let differences = match &mapping {
            None => Differences::default(),
            Some(mapping) => Differences::default()
                .of("BatchSize", batching.size, mapping.batch_size)
                .of(
                    "MaximumBatchingWindowInSeconds",
                    batching.window,
                    Some(mapping.maximum_batching_window_in_seconds.unwrap_or(0)),
                )
                .of(
                    "MaximumConcurrency",
                    expected.concurrency,
                    mapping.scaling_config.maximum_concurrency,
                )
                .of(
                    "FunctionResponseTypes",
                    PARTIAL,
                    Some(mapping.function_response_types.join(", ")),
                ),
        };
        Ok(EventSource {
            function,
            parameter: expected.parameter,
            wanted_on: !self.deployment.is_true(expected.parameter),
            state: mapping.map(|mapping| mapping.state),
            differences: differences.0,
        })
    }

    /// `sqs:GetQueueAttributes`.
    pub(super) async fn queue(
        &self,
        url: &str,
        expected: &ExpectedQueue,
        oldest_s: Option<u64>,
    ) -> Result<Queue, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct GetQueueAttributes<'a> {
            queue_url: &'a str,
            attribute_names: [&'a str; 1],
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            #[serde(default)]
            attributes: BTreeMap<String, String>,
        }
        let input = GetQueueAttributes {
            queue_url: url,
            attribute_names: ["All"],
        };
        let found: Found = self
            .stack
            .api()
            .json("sqs", "AmazonSQS.GetQueueAttributes", &input)
            .await?;
        let number = |name: &str| {
            found
                .attributes
                .get(name)
                .and_then(|text| text.parse::<u64>().ok())
        };
        let differences = Differences::default()
            .of(
                "VisibilityTimeout",
                expected.visibility,
                number("VisibilityTimeout"),
            )
            .of(
                "MessageRetentionPeriod",
                expected.retention,
                number("MessageRetentionPeriod"),
            )
            .of("MaximumMessageSize", MESSAGE_SIZE, number("MaximumMessageSize"));
        let policy = found.attributes.get("RedrivePolicy");
        let receives = policy.and_then(|policy| max_receive_count(policy));
        let differences = match expected.receives {
            Some(wanted) => differences.of("maxReceiveCount", wanted, receives),
            None => differences,
        };
        let kind = match expected.name {
            "parked" => QueueKind::Parked,
            name if name.ends_with("-dead") => QueueKind::Dead,
            _ => QueueKind::Waiting,
        };
        let count = |name: &str| number(name).unwrap_or(0);
        Ok(Queue {
            name: expected.name.to_owned(),
            kind,
            visible: count("ApproximateNumberOfMessages"),
            in_flight: count("ApproximateNumberOfMessagesNotVisible"),
            delayed: count("ApproximateNumberOfMessagesDelayed"),
            oldest_s,
            differences: differences.0,
        })
    }

    /// `cloudwatch:GetMetricData`: the age of the oldest message of each queue that holds one, in seconds.
    pub(super) async fn ages(
        &self,
        queues: &[(&ExpectedQueue, &str)],
    ) -> Result<BTreeMap<&'static str, u64>, Error> {
        const OPERATION: &str = "GetMetricData";
        let end = now();
        let time = |millis: i64| Timestamp::from_millis(millis).to_string();
        let mut form = vec![
            ("StartTime".to_owned(), time(end.millis() - AGE_LOOK_BACK_MS)),
            ("EndTime".to_owned(), time(end.millis())),
        ];
        for (number, (_, url)) in (1..).zip(queues) {
            let query = format!("MetricDataQueries.member.{number}");
            let metric = format!("{query}.MetricStat.Metric");
            let name = url.rsplit('/').next().unwrap_or_default();
            form.extend([
                (format!("{query}.Id"), format!("q{number}")),
                (format!("{query}.MetricStat.Period"), "300".to_owned()),
                (format!("{query}.MetricStat.Stat"), "Maximum".to_owned()),
                (format!("{metric}.Namespace"), "AWS/SQS".to_owned()),
                (
                    format!("{metric}.MetricName"),
                    "ApproximateAgeOfOldestMessage".to_owned(),
                ),
                (
                    format!("{metric}.Dimensions.member.1.Name"),
                    "QueueName".to_owned(),
                ),
                (format!("{metric}.Dimensions.member.1.Value"), name.to_owned()),
            ]);
        }
        let answer = self.stack.api().query("monitoring", OPERATION, &form).await?;
        let document = parse(OPERATION, &answer)?;
        let mut ages = BTreeMap::new();
        for result in document.descendants() {
            let Some(id) = child(result, "Id") else { continue };
            let number: Option<usize> = id.strip_prefix('q').and_then(|number| number.parse().ok());
            let queue = number.and_then(|number| queues.get(number.checked_sub(1)?));
            // Newest first.
            let newest = result
                .children()
                .find(|values| values.tag_name().name() == "Values")
                .and_then(|values| values.children().find(|value| value.is_element())?.text())
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|age| *age >= 1.0);
            if let (Some((expected, _)), Some(age)) = (queue, newest) {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "at least 1, and 14 days at most"
                )]
                ages.insert(expected.name, age as u64);
            }
        }
        Ok(ages)
    }

    /// `logs:FilterLogEvents`: the lines of kind `record` since a time, oldest first.
    pub(super) async fn record_lines(&self, group: &str, since_ms: i64) -> Result<Vec<String>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct FilterLogEvents<'a> {
            log_group_name: &'a str,
            start_time: i64,
            filter_pattern: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            next_token: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            #[serde(default)]
            events: Vec<LogEvent>,
            next_token: Option<String>,
        }
        #[derive(Deserialize)]
        struct LogEvent {
            message: String,
        }
        let mut input = FilterLogEvents {
            log_group_name: group,
            start_time: since_ms,
            filter_pattern: r#"{ $.kind = "record" }"#,
            next_token: None,
        };
        let mut lines = Vec::new();
        for _ in 0..LOG_PAGES {
            let found: Found = self
                .stack
                .api()
                .json("logs", "Logs_20140328.FilterLogEvents", &input)
                .await?;
            lines.extend(found.events.into_iter().map(|event| event.message));
            input.next_token = found.next_token;
            if input.next_token.is_none() {
                return Ok(lines);
            }
        }
        self.unchecked.note(
            format!("lines of {group}"),
            "there are more than are read here: the counts of what waits are too low",
        );
        Ok(lines)
    }

    /// `secretsmanager:GetSecretValue`; an empty text if nobody has stored a value.
    pub(super) async fn secret(&self, id: &str) -> Result<String, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct GetSecretValue<'a> {
            secret_id: &'a str,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            secret_string: Option<String>,
        }
        let input = GetSecretValue { secret_id: id };
        let found: Result<Found, Error> = self
            .stack
            .api()
            .json("secretsmanager", "secretsmanager.GetSecretValue", &input)
            .await;
        match found {
            Ok(found) => Ok(found.secret_string.unwrap_or_default()),
            // The secret itself is there: CloudFormation has its id. It has no value (RS-015).
            Err(Error::Refused { body, .. }) if body.contains("ResourceNotFoundException") => {
                Ok(String::new())
            }
            Err(error) => Err(error),
        }
    }

    /// `cloudwatch:DescribeAlarms`, of those that the stack has.
    pub(super) async fn alarms(&self) -> Alarms {
        let found = self.described_alarms().await;
        self.unchecked.or_note("alarms", found).unwrap_or_default()
    }

    async fn described_alarms(&self) -> Result<Alarms, Error> {
        const OPERATION: &str = "DescribeAlarms";
        let mut missing: Vec<String> = self
            .deployment
            .of_type("AWS::CloudWatch::Alarm")
            .map(str::to_owned)
            .collect();
        let mut alarms = Alarms {
            count: missing.len(),
            ..Alarms::default()
        };
        let own = format!("{}-", self.stack.name());
        let mut next: Option<String> = None;
        loop {
            let mut form = vec![
                ("AlarmNamePrefix".to_owned(), own.clone()),
                ("MaxRecords".to_owned(), "100".to_owned()),
            ];
            form.extend(next.take().map(|token| ("NextToken".to_owned(), token)));
            let answer = self.stack.api().query("monitoring", OPERATION, &form).await?;
            let document = parse(OPERATION, &answer)?;
            for alarm in document.descendants() {
                let Some(name) = child(alarm, "AlarmName") else {
                    continue;
                };
                let Some(place) = missing.iter().position(|own| own == name) else {
                    continue;
                };
                missing.swap_remove(place);
                let short = name.strip_prefix(&own).unwrap_or(name).to_owned();
                if child(alarm, "ActionsEnabled") == Some("false") {
                    alarms.muted.push(short.clone());
                }
                if child(alarm, "StateValue") == Some("ALARM") {
                    let description = child(alarm, "AlarmDescription").unwrap_or_default();
                    let page = description.rsplit(' ').next().unwrap_or_default();
                    alarms.firing.insert(short, page.to_owned());
                }
            }
            next = document
                .descendants()
                .find(|node| node.tag_name().name() == "NextToken")
                .and_then(|node| node.text())
                .map(str::to_owned);
            if next.is_none() {
                alarms.missing = missing;
                return Ok(alarms);
            }
        }
    }

    /// `lambda:GetAccountSettings`.
    pub(super) async fn quota(&self) -> Option<Quota> {
        let found = Concurrency::read(self.stack.api()).await;
        let found = self.unchecked.or_note("quota", found)?;
        Some(Quota {
            concurrent_executions: found.quota,
            unreserved: found.unreserved,
            is_reserved: self.deployment.is_true("ReserveConcurrency"),
        })
    }
}

fn max_receive_count(policy: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RedrivePolicy {
        max_receive_count: Box<serde_json::value::RawValue>,
    }
    let policy: RedrivePolicy = serde_json::from_str(policy).ok()?;
    // AWS gives back a number, whatever it was given as.
    Some(policy.max_receive_count.get().trim_matches('"').to_owned())
}
