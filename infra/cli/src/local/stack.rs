//! A running system: MiniStack, the deployed template, and the ways to feed and watch it.

use std::collections::BTreeMap;
use std::path::Path;

use event::Source;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Error;
use super::deployment::{Artifacts, deploy, finished};
use super::folder::RunFolder;
use super::ministack::MiniStack;
use super::queue::{Queue, act};
use super::workspace::Workspace;
use super::{binaries, venv};
use crate::account::api::{ACCESS_KEY, Api, Empty, REGION, SECRET_KEY};
use crate::terminal::Progress;

const STACK: &str = "switchyard";
/// The template's parameter that names the bucket of Currents files.
pub(crate) const BRAZE_FILES_BUCKET: &str = "BrazeFilesBucket";
/// The parameter that asks for alarms, which tell nobody on this machine.
const ALARMS: &str = "Alarms";
/// What a bucket is told that is to announce its objects: AWS's switch of the same name.
const TO_EVENTBRIDGE: &str =
    "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>";
const SETTINGS_FILE: &str = "switchyard.toml";

/// What is to run.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The text of the settings file; see [`super::local_settings`].
    pub settings: String,
    /// MiniStack's port; a free one if left out.
    pub port: Option<u16>,
    /// Whether IAM policies are evaluated, so that a function that does more than its role allows fails.
    pub evaluate_iam: bool,
    /// Template parameters beside those of every local run, such as `("PauseBraze", "true")`.
    pub parameters: Vec<(String, String)>,
}

/// A running system. It ends when it is dropped, and at the latest with this process, however that ends.
///
/// ```no_run
/// # async fn example() -> Result<(), switchyard::local::Error> {
/// use event::Destination;
/// use switchyard::local::{Plan, Stack, local_settings};
/// use switchyard::terminal::Silent;
///
/// let sandbox = "http://127.0.0.1:4000".to_owned();
/// let destinations = Destination::ALL.map(|destination| (destination, sandbox.clone())).into();
/// let settings = local_settings("", &destinations, "[braze]\nmax_objects = 10")?;
/// let stack = Stack::start(&Plan { settings, ..Plan::default() }, &mut Silent).await?;
/// stack.store_secret("receive-braze", r#"{"tokens": ["t"]}"#).await?;
/// let reply = stack.post(event::Source::Braze, "", &[("authorization", "Bearer t")], b"{}".to_vec()).await?;
/// assert_eq!(reply.status, 202);
/// assert_eq!(stack.queue("parked").receive().await?.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Stack {
    // Dropped in this order: nothing may write to the folder any more when its files go.
    _ministack: MiniStack,
    folder: RunFolder,
    api: Api,
    outputs: BTreeMap<String, String>,
    /// The bucket of Currents files, if files are read.
    bucket: Option<String>,
}

/// What a receiver answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// JSON: `{"status":"ok"}`, or the reason of the refusal.
    pub body: String,
}

impl Reply {
    /// Whether the sender may forget the request.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Stack {
    /// Builds the functions, starts MiniStack and deploys the template.
    ///
    /// # Errors
    /// Whatever this machine lacks, with what to do about it.
    pub async fn start(plan: &Plan, progress: &mut impl Progress) -> Result<Self, Error> {
        let workspace = Workspace::find().await?;
        // What it lacks is to be said before minutes of compiling.
        venv::prepare(&venv::MINISTACK, progress).await?;
        let binaries = binaries::build(&workspace).await?;
        let mut stack = Self::start_empty(plan, progress).await?;
        progress.begin("deploying infra/template.yaml");
        let settings = stack.folder.path().join(SETTINGS_FILE);
        let mut parameters = vec![
            ("Architecture".to_owned(), architecture().to_owned()),
            ("SettingsPath".to_owned(), settings.display().to_string()),
        ];
        let has_own = |name: &str| plan.parameters.iter().any(|(own, _)| own == name);
        if !has_own(ALARMS) {
            parameters.push((ALARMS.to_owned(), "false".to_owned()));
        }
        parameters.extend(plan.parameters.iter().cloned());
        let artifacts = Artifacts {
            binaries: &binaries,
            settings: &settings,
        };
        let template = workspace.template()?;
        stack.outputs = deploy(&stack.api, STACK, &template, &artifacts, &parameters).await?;
        progress.end(&format!("the stack `{STACK}` runs at {}", stack.api.base()));
        Ok(stack)
    }

    /// Starts MiniStack, and deploys nothing: that is for another tool, which finds its way by
    /// [`environment`](Self::environment). [`find_outputs`](Self::find_outputs) comes after it.
    ///
    /// # Errors
    /// Whatever this machine lacks, with what to do about it.
    pub async fn start_empty(plan: &Plan, progress: &mut impl Progress) -> Result<Self, Error> {
        let python = venv::prepare(&venv::MINISTACK, progress).await?.join("python");
        progress.begin("starting MiniStack");
        let folder = RunFolder::new(&Workspace::find().await?.local())?;
        write(&folder.path().join(SETTINGS_FILE), &plan.settings)?;
        let ministack = MiniStack::start(&python, &folder, plan.port, plan.evaluate_iam).await?;
        let api = Api::local(ministack.address())?;
        let bucket = plan
            .parameters
            .iter()
            .find(|(name, _)| name == BRAZE_FILES_BUCKET);
        if let Some((_, bucket)) = bucket {
            make_bucket(&api, bucket).await?;
        }
        progress.end("MiniStack is up");
        Ok(Self {
            _ministack: ministack,
            folder,
            api,
            outputs: BTreeMap::new(),
            bucket: bucket.map(|(_, bucket)| bucket.clone()),
        })
    }

    /// Reads the outputs of the stack that another tool has deployed under the name `switchyard`.
    ///
    /// # Errors
    /// What CloudFormation says; [`Error::NotDeployed`] with its reasons.
    pub async fn find_outputs(&mut self) -> Result<(), Error> {
        self.outputs = finished(&self.api, STACK).await?;
        Ok(())
    }

    /// Writes an object into the bucket of Currents files, as Braze does.
    ///
    /// # Errors
    /// What S3 says; [`Error::Unexpected`] if the stack reads no bucket.
    pub async fn put_file(&self, key: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let bucket = self.bucket.as_deref().ok_or_else(|| Error::Unexpected {
            operation: format!("writing {key}"),
            detail: format!("the parameter {BRAZE_FILES_BUCKET} is empty"),
        })?;
        // In a URL a plus sign may stand for a space.
        let key = key.replace('+', "%2B");
        Ok(self.api.put(&format!("{bucket}/{key}"), bytes).await?)
    }

    /// Kills the processes of a function, whatever they are at.
    ///
    /// # Errors
    /// [`Error::NoAnswer`] if nothing comes back.
    pub async fn kill(&self, function: &str) -> Result<(), Error> {
        act(&self.api, "kill", &format!("{STACK}-{function}")).await
    }

    /// The URL of a source's receiver, with a slash at its end.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the template has no such output.
    pub fn url(&self, source: Source) -> Result<String, Error> {
        let output = match source {
            Source::Segment => "ReceiveSegmentUrl",
            Source::Braze => "ReceiveBrazeUrl",
            Source::Branch => "ReceiveBranchUrl",
        };
        let url = self.outputs.get(output).map(String::as_str).unwrap_or_default();
        // https://<id>.lambda-url.<region>.on.aws/ and https://<id>.execute-api.<region>.amazonaws.com/ do not resolve here;
        // MiniStack takes the id in the path as well.
        let id = url
            .trim_start_matches("https://")
            .split('.')
            .next()
            .unwrap_or_default();
        if id.is_empty() {
            let detail = format!("no output {output}");
            return Err(Error::Unexpected {
                operation: "deployment".to_owned(),
                detail,
            });
        }
        let path = if url.contains(".execute-api.") {
            format!("execute-api/{id}/$default")
        } else {
            format!("lambda-url/{id}")
        };
        Ok(format!("{}/_aws/{path}/", self.api.base()))
    }

    /// Posts to a source's receiver. `path` comes after the URL's slash and may hold a query, such as `?token=t`.
    ///
    /// # Errors
    /// [`Error::NoAnswer`] if nothing comes back.
    pub async fn post(
        &self,
        source: Source,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, Error> {
        let url = format!("{}{path}", self.url(source)?);
        let no_answer = |source| Error::NoAnswer {
            operation: format!("POST {url}"),
            source,
        };
        let mut request = self.api.client().post(&url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.map_err(no_answer)?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(no_answer)?;
        Ok(Reply { status, body })
    }

    /// Stores a function's secret, such as `deliver-braze`, in place of the one before.
    ///
    /// # Errors
    /// What Secrets Manager says.
    pub async fn store_secret(&self, function: &str, value: &str) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct PutSecretValue<'a> {
            secret_id: String,
            secret_string: &'a str,
        }
        let input = PutSecretValue {
            secret_id: format!("{STACK}/{function}"),
            secret_string: value,
        };
        let _: Empty = self
            .api
            .json("secretsmanager", "secretsmanager.PutSecretValue", &input)
            .await?;
        Ok(())
    }

    /// All that a function, such as `deliver-braze`, has printed in finished invocations, oldest first, without Lambda's
    /// own lines.
    ///
    /// # Errors
    /// What CloudWatch Logs says.
    pub async fn log_lines(&self, function: &str) -> Result<Vec<String>, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct FilterLogEvents {
            log_group_name: String,
        }
        #[derive(Deserialize)]
        struct Found {
            events: Vec<LogEvent>,
        }
        #[derive(Deserialize)]
        struct LogEvent {
            message: String,
        }
        let input = FilterLogEvents {
            log_group_name: format!("/aws/lambda/{STACK}-{function}"),
        };
        let found: Found = self
            .api
            .json("logs", "Logs_20140328.FilterLogEvents", &input)
            .await?;
        let lines = found.events.into_iter().map(|event| event.message);
        let of_lambda = |line: &String| {
            ["START ", "END ", "REPORT "]
                .iter()
                .any(|start| line.starts_with(start))
        };
        Ok(lines.filter(|line| !of_lambda(line)).collect())
    }

    /// Puts another settings file in place of the deployed one, and starts all functions again with it.
    ///
    /// # Errors
    /// What Lambda says, or the file system.
    pub async fn deploy_settings(&self, text: &str) -> Result<(), Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            functions: Vec<Function>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Function {
            function_name: String,
        }
        write(&self.folder.path().join(SETTINGS_FILE), text)?;
        // A condition of the template may leave a function out.
        let found: Found = self.api.lambda(Method::GET, "functions", Vec::new()).await?;
        for Function { function_name } in found.functions {
            // An update of the configuration ends the function's processes, as in AWS.
            let path = format!("functions/{function_name}/configuration");
            let body = br#"{"MemorySize":512}"#.to_vec();
            let _: Empty = self.api.lambda(Method::PUT, &path, body).await?;
        }
        Ok(())
    }

    /// Sets an environment variable of a function, such as `receive-branch`, and starts it again.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn set_variable(&self, function: &str, name: &str, value: &str) -> Result<(), Error> {
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Configuration {
            environment: Environment,
        }
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Environment {
            variables: BTreeMap<String, String>,
        }
        let path = format!("functions/{STACK}-{function}/configuration");
        let mut found: Configuration = self.api.lambda(Method::GET, &path, Vec::new()).await?;
        let variables = &mut found.environment.variables;
        variables.insert(name.to_owned(), value.to_owned());
        // Every member serialises.
        let body = serde_json::to_vec(&found).unwrap_or_default();
        let _: Empty = self.api.lambda(Method::PUT, &path, body).await?;
        Ok(())
    }

    /// Invokes a function with an event, as a schedule does, and waits for its end.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn invoke(&self, function: &str, event: &str) -> Result<(), Error> {
        let path = format!("functions/{STACK}-{function}/invocations");
        let _: serde::de::IgnoredAny = self.api.lambda(Method::POST, &path, event.into()).await?;
        Ok(())
    }

    /// The host and port that answers for AWS.
    pub fn address(&self) -> &str {
        self.api.base().trim_start_matches("http://")
    }

    /// Switches a function's event source on or off, as the guide's command for pausing does.
    ///
    /// # Errors
    /// What Lambda says.
    pub async fn switch_event_source(&self, function: &str, is_on: bool) -> Result<(), Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            event_source_mappings: Vec<Mapping>,
        }
        #[derive(Deserialize)]
        struct Mapping {
            #[serde(rename = "UUID")]
            id: String,
        }
        let path = format!("event-source-mappings?FunctionName={STACK}-{function}");
        let found: Found = self.api.lambda(Method::GET, &path, Vec::new()).await?;
        for mapping in found.event_source_mappings {
            let path = format!("event-source-mappings/{}", mapping.id);
            let body = format!(r#"{{"Enabled":{is_on}}}"#).into_bytes();
            let _: Empty = self.api.lambda(Method::PUT, &path, body).await?;
        }
        Ok(())
    }

    /// What makes AWS's tools, and `switchyard`, work on this stack: environment variables.
    pub fn environment(&self) -> [(&'static str, &str); 6] {
        [
            ("AWS_ENDPOINT_URL", self.api.base()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", REGION),
            // Nothing of the user's own.
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
    }

    /// A queue by its name without the stack's: `braze`, `braze-dead`, `parked`.
    pub fn queue(&self, name: &str) -> Queue<'_> {
        // CloudFormation names the queues that outlive their stack: the outputs tell how.
        let capital = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        let output: String = name.split('-').map(capital).collect::<String>() + "QueueUrl";
        let given = self.outputs.get(&output).and_then(|url| url.rsplit('/').next());
        let own = format!("{STACK}-{name}");
        Queue::named(&self.api, given.unwrap_or(&own))
    }

    /// The folder of this run: its settings, and MiniStack's log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A bucket that announces its objects on EventBridge, as the guide tells users to switch on.
async fn make_bucket(api: &Api, bucket: &str) -> Result<(), Error> {
    api.put(bucket, Vec::new()).await?;
    let body = TO_EVENTBRIDGE.as_bytes().to_vec();
    Ok(api.put(&format!("{bucket}?notification"), body).await?)
}

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(Error::machine(format!("write {}", path.display())))
}
