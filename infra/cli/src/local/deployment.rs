//! Deploys `infra/template.yaml` through CloudFormation, as `sam deploy` would.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use roxmltree::{Document, Node};

use super::Error;
use super::api::Api;
use super::binaries::{pack_function, pack_settings};

const BUCKET: &str = "deployment";
const TEMPLATE_KEY: &str = "template.yaml";
const DEPLOY_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const CAPABILITIES: [&str; 2] = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"];

/// What the template's artifacts are on this machine.
pub(crate) struct Artifacts<'a> {
    /// The compiled functions by folder.
    pub(crate) binaries: &'a BTreeMap<String, std::path::PathBuf>,
    /// The settings file.
    pub(crate) settings: &'a Path,
}

/// Deploys the template and returns its outputs.
pub(crate) async fn deploy(
    api: &Api,
    stack: &str,
    template: &str,
    artifacts: &Artifacts<'_>,
    parameters: &[(String, String)],
) -> Result<BTreeMap<String, String>, Error> {
    api.put(BUCKET, Vec::new()).await?;
    let template = upload_artifacts(api, template, artifacts).await?;
    api.put(&format!("{BUCKET}/{TEMPLATE_KEY}"), template.into_bytes())
        .await?;

    let mut form = vec![
        ("StackName".to_owned(), stack.to_owned()),
        (
            "TemplateURL".to_owned(),
            format!("{}/{BUCKET}/{TEMPLATE_KEY}", api.base()),
        ),
    ];
    for (number, capability) in (1..).zip(CAPABILITIES) {
        form.push((format!("Capabilities.member.{number}"), capability.to_owned()));
    }
    for (number, (name, value)) in (1..).zip(parameters) {
        form.push((format!("Parameters.member.{number}.ParameterKey"), name.clone()));
        form.push((
            format!("Parameters.member.{number}.ParameterValue"),
            value.clone(),
        ));
    }
    api.cloudformation("CreateStack", &form).await?;
    match tokio::time::timeout(DEPLOY_LIMIT, finished(api, stack)).await {
        Ok(outputs) => outputs,
        Err(_) => Err(Error::NotDeployed {
            reason: format!("not ready after {} s", DEPLOY_LIMIT.as_secs()),
        }),
    }
}

/// Uploads what each `CodeUri` and `ContentUri` names and puts the object's address in its place: `sam package`.
async fn upload_artifacts(api: &Api, template: &str, artifacts: &Artifacts<'_>) -> Result<String, Error> {
    let mut packaged = String::with_capacity(template.len());
    for line in template.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let object = match key.trim() {
            "CodeUri" => {
                let name = value.trim().rsplit('/').next().unwrap_or_default();
                let binary = artifacts.binaries.get(name).ok_or_else(|| Error::NoBinary {
                    name: name.to_owned(),
                })?;
                Some((format!("{name}.zip"), pack_function(binary)?))
            }
            "ContentUri" => Some(("settings.zip".to_owned(), pack_settings(artifacts.settings)?)),
            _ => None,
        };
        match object {
            Some((name, zip)) => {
                api.put(&format!("{BUCKET}/{name}"), zip).await?;
                packaged.push_str(&format!("{key}: s3://{BUCKET}/{name}\n"));
            }
            None => {
                packaged.push_str(line);
                packaged.push('\n');
            }
        }
    }
    Ok(packaged)
}

async fn finished(api: &Api, stack: &str) -> Result<BTreeMap<String, String>, Error> {
    let named = [("StackName".to_owned(), stack.to_owned())];
    let mut tick = tokio::time::interval(LOOK_AGAIN);
    loop {
        tick.tick().await;
        let answer = api.cloudformation("DescribeStacks", &named).await?;
        let document = parse("DescribeStacks", &answer)?;
        match first_text(document.root(), "StackStatus").unwrap_or_default() {
            "CREATE_COMPLETE" => return Ok(outputs(&document)),
            status if status.ends_with("_IN_PROGRESS") => {}
            _ => {
                return Err(Error::NotDeployed {
                    reason: reasons(api, &named).await?,
                });
            }
        }
    }
}

fn outputs(document: &Document<'_>) -> BTreeMap<String, String> {
    let members = document
        .descendants()
        .filter(|node| node.has_tag_name_local("member"));
    members
        .filter_map(|member| {
            let key = child_text(member, "OutputKey")?;
            Some((key.to_owned(), child_text(member, "OutputValue")?.to_owned()))
        })
        .collect()
}

/// What CloudFormation says of each resource that failed.
async fn reasons(api: &Api, named: &[(String, String)]) -> Result<String, Error> {
    let answer = api.cloudformation("DescribeStackEvents", named).await?;
    let document = parse("DescribeStackEvents", &answer)?;
    let members = document
        .descendants()
        .filter(|node| node.has_tag_name_local("member"));
    let failed = members.filter_map(|member| {
        let status = child_text(member, "ResourceStatus")?;
        let resource = child_text(member, "LogicalResourceId")?;
        let reason = child_text(member, "ResourceStatusReason").unwrap_or("no reason given");
        status
            .ends_with("_FAILED")
            .then(|| format!("\n    {resource}: {reason}"))
    });
    Ok(failed.collect())
}

fn parse<'a>(operation: &str, answer: &'a str) -> Result<Document<'a>, Error> {
    Document::parse(answer).map_err(|error| Error::Unexpected {
        operation: operation.to_owned(),
        detail: error.to_string(),
    })
}

fn first_text<'a>(root: Node<'a, '_>, name: &str) -> Option<&'a str> {
    root.descendants()
        .find(|node| node.has_tag_name_local(name))?
        .text()
}

fn child_text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children()
        .find(|child| child.has_tag_name_local(name))?
        .text()
}

/// Element names without their namespace, which tells nothing here.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.tag_name().name() == name
    }
}
