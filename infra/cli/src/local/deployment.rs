//! Deploys `infra/template.yaml` through CloudFormation, as `sam deploy` would.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use roxmltree::{Document, Node};

use super::Error;
use super::binaries::{pack_function, pack_settings};
use crate::account::api::Api;

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
        let Some((key, artifact)) = artifact(line) else {
            packaged.push_str(line);
            packaged.push('\n');
            continue;
        };
        let (name, zip) = match artifact {
            Artifact::Settings => ("settings", pack_settings(artifacts.settings)?),
            Artifact::Function(name) => {
                let missing = || Error::NoBinary {
                    name: name.to_owned(),
                };
                (
                    name,
                    pack_function(artifacts.binaries.get(name).ok_or_else(missing)?)?,
                )
            }
        };
        let object = format!("{BUCKET}/{name}.zip");
        api.put(&object, zip).await?;
        packaged.push_str(&format!("{key}: s3://{object}\n"));
    }
    Ok(packaged)
}

#[derive(Debug, PartialEq, Eq)]
enum Artifact<'a> {
    /// The binary of this folder.
    Function(&'a str),
    Settings,
}

/// What a line of the template names by a path of this machine, with the line up to its colon.
fn artifact(line: &str) -> Option<(&str, Artifact<'_>)> {
    let (key, path) = line.split_once(": ")?;
    match key.trim() {
        "CodeUri" => Some((key, Artifact::Function(path.trim().rsplit('/').next()?))),
        "ContentUri" => Some((key, Artifact::Settings)),
        _ => None,
    }
}

/// Waits for the end of what CloudFormation does to a stack, and returns the stack's outputs.
pub(crate) async fn finished(api: &Api, stack: &str) -> Result<BTreeMap<String, String>, Error> {
    let named = [("StackName".to_owned(), stack.to_owned())];
    let mut tick = tokio::time::interval(LOOK_AGAIN);
    loop {
        tick.tick().await;
        let answer = api.cloudformation("DescribeStacks", &named).await?;
        let document = parse("DescribeStacks", &answer)?;
        match first_text(document.root(), "StackStatus").unwrap_or_default() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" => return Ok(outputs(&document)),
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

/// Element names without their namespace, which adds nothing here.
trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    #[test]
    fn every_function_and_the_settings_of_the_template_are_uploaded() {
        let found: Vec<_> = TEMPLATE
            .lines()
            .filter_map(artifact)
            .map(|(_, artifact)| artifact)
            .collect();
        let functions = [
            "receive-segment",
            "receive-braze",
            "receive-branch",
            "deliver-braze",
            "deliver-branch",
            "deliver-segment",
            "read-braze-files",
        ];
        let mut expected = vec![Artifact::Settings];
        expected.extend(functions.map(Artifact::Function));
        assert_eq!(found, expected);
    }

    #[test]
    fn outputs_are_read_whatever_their_namespace() {
        let answer = "<r xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Outputs>\
            <member><OutputKey>A</OutputKey><OutputValue>https://a/?x=1&amp;y=2</OutputValue></member>\
            <member><Description>no output</Description></member></Outputs></r>";
        let found = outputs(&parse("DescribeStacks", answer).unwrap());
        assert_eq!(
            found,
            BTreeMap::from([("A".to_owned(), "https://a/?x=1&y=2".to_owned())])
        );
    }
}
