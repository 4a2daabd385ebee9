//! Whether the parameters of a deploy are those of the template, with values that it takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use event::settings::did_you_mean;
use regex_lite::Regex;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde::Deserialize;
use toml_edit::{DocumentMut, Item};

use crate::terminal;

const TEMPLATE: &str = "template.yaml";
const SAM_CONFIG: &str = "samconfig.toml";
/// What `sam deploy` takes in place of parameters.
const FILE: &str = "file://";

/// The options about the template's parameters.
#[derive(Debug, Args)]
pub struct DeployParameters {
    /// The template [default: template.yaml, beside the folder of the settings]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// The parameters that `sam deploy` will get, beside those of samconfig.toml; or file://FILE, JSON
    #[arg(long, value_name = "NAME=VALUE", num_args = 1..)]
    pub parameter_overrides: Vec<String>,
}

/// What is wrong with the parameters of a deploy. All of it is for the user to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file has another form than the tool that deploys takes.
    #[error("{}: {detail}", .file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// Where and what.
        detail: String,
    },
    /// Some parameter cannot be used.
    #[error("the template cannot be deployed with these parameters:{}", .0.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
    Unusable(Vec<String>),
}

/// One parameter that a deploy is given.
#[derive(Debug, PartialEq, Eq)]
struct Override {
    name: String,
    value: String,
    /// Such as `infra/samconfig.toml [default.deploy.parameters]`.
    place: String,
}

/// Checks what `samconfig.toml` and the options say, and prints how many parameters can be used.
pub(super) fn check(options: &DeployParameters, settings: &Path) -> Result<(), Error> {
    let infra = settings.parent().and_then(Path::parent);
    let beside = infra.unwrap_or(Path::new("")).join(TEMPLATE);
    let template = options.template.clone().unwrap_or(beside);
    let is_asked = options.template.is_some() || !options.parameter_overrides.is_empty();
    if !template.is_file() && !is_asked {
        return Ok(());
    }
    let known = parameters(&template, &read(&template)?)?;
    let mut given = Vec::new();
    let config = template.with_file_name(SAM_CONFIG);
    if config.is_file() {
        given.extend(of_sam_config(&config, &read(&config)?)?);
    }
    for text in &options.parameter_overrides {
        match text.strip_prefix(FILE) {
            Some(file) => given.extend(of_json(Path::new(file), &read(Path::new(file))?)?),
            None => given.extend(overrides(text, "--parameter-overrides")),
        }
    }
    let problems: Vec<String> = given
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.place, problem(one, &known, &template)?)))
        .collect();
    if !problems.is_empty() {
        return Err(Error::Unusable(problems));
    }
    if !given.is_empty() {
        let count = given.len();
        let parameters = if count == 1 { "parameter" } else { "parameters" };
        terminal::line(format!(
            "{} {} takes the {count} {parameters}",
            terminal::good("✓"),
            template.display()
        ));
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|source| Error::Unreadable {
        file: file.to_owned(),
        source,
    })
}

/// A parameter of the template: what its value may be.
#[derive(Debug, Default)]
struct Parameter {
    name: String,
    is_number: bool,
    allowed: Vec<String>,
    pattern: Option<Regex>,
    /// The template's own words for the pattern.
    constraint: Option<String>,
    least: Option<f64>,
    most: Option<f64>,
}

/// The parameters of a template.
fn parameters(file: &Path, text: &str) -> Result<Vec<Parameter>, Error> {
    let form = |detail: String| Error::Form {
        file: file.to_owned(),
        detail,
    };
    let documents = Yaml::load_from_str(text).map_err(|error| form(error.to_string()))?;
    let section = documents.first().and_then(|root| member(root, "Parameters"));
    let Some(Yaml::Mapping(entries)) = section else {
        return Err(form(
            "there is no section Parameters: is it a CloudFormation template?".to_owned(),
        ));
    };
    entries
        .iter()
        .filter_map(|(name, parameter)| Some((scalar(name)?, parameter)))
        .map(|(name, parameter)| {
            let text = |key: &str| member(parameter, key).and_then(scalar);
            let number = |key: &str| text(key).and_then(|number| number.parse().ok());
            let pattern = text("AllowedPattern").map(|pattern| Regex::new(&pattern));
            let allowed = match member(parameter, "AllowedValues") {
                Some(Yaml::Sequence(values)) => values.iter().filter_map(scalar).collect(),
                _ => Vec::new(),
            };
            Ok(Parameter {
                is_number: text("Type").as_deref() == Some("Number"),
                allowed,
                pattern: pattern
                    .transpose()
                    .map_err(|error| form(format!("{name}: {error}")))?,
                constraint: text("ConstraintDescription"),
                least: number("MinValue"),
                most: number("MaxValue"),
                name,
            })
        })
        .collect()
}

fn member<'y, 's>(map: &'y Yaml<'s>, key: &str) -> Option<&'y Yaml<'s>> {
    let Yaml::Mapping(entries) = map else {
        return None;
    };
    let found = entries
        .iter()
        .find(|(name, _)| scalar(name).as_deref() == Some(key));
    found.map(|(_, value)| value)
}

fn scalar(node: &Yaml<'_>) -> Option<String> {
    match node {
        Yaml::Value(Scalar::String(text)) => Some(text.clone().into_owned()),
        Yaml::Value(Scalar::Integer(number)) => Some(number.to_string()),
        Yaml::Value(Scalar::Boolean(value)) => Some(value.to_string()),
        _ => None,
    }
}

/// Why the template does not take a parameter.
fn problem(one: &Override, known: &[Parameter], template: &Path) -> Option<String> {
    let Some(parameter) = known.iter().find(|parameter| parameter.name == one.name) else {
        let nearest = did_you_mean(&one.name, known.iter().map(|parameter| parameter.name.as_str()));
        return Some(format!(
            "`{}` is no parameter of {}{nearest}",
            one.name,
            template.display()
        ));
    };
    let value = one.value.as_str();
    let allowed = &parameter.allowed;
    let wanted = if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed == value) {
        let nearest = did_you_mean(value, allowed.iter().map(String::as_str));
        format!("one of {}{nearest}", allowed.join(", "))
    } else if parameter.is_number && !is_in_range(parameter, value) {
        let least = parameter.least.map(|least| format!(" of {least} or more"));
        let most = parameter.most.map(|most| format!(" of {most} or less"));
        format!(
            "a number{}{}",
            least.unwrap_or_default(),
            most.unwrap_or_default()
        )
    } else {
        let pattern = parameter
            .pattern
            .as_ref()
            .filter(|pattern| !pattern.is_match(value))?;
        let words = parameter.constraint.clone();
        words.unwrap_or_else(|| format!("a text that matches {}", pattern.as_str()))
    };
    Some(format!("{}={value} must be {wanted}", one.name))
}

fn is_in_range(parameter: &Parameter, value: &str) -> bool {
    value.parse::<f64>().is_ok_and(|number| {
        parameter.least.is_none_or(|least| number >= least)
            && parameter.most.is_none_or(|most| number <= most)
    })
}

/// The parameters of every environment in SAM's file.
fn of_sam_config(file: &Path, text: &str) -> Result<Vec<Override>, Error> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| Error::Form {
        file: file.to_owned(),
        detail: error.to_string(),
    })?;
    let mut found = Vec::new();
    for (environment, commands) in document.iter() {
        for command in ["global", "deploy"] {
            let place = format!("{} [{environment}.{command}.parameters]", file.display());
            let given = commands
                .get(command)
                .and_then(|command| command.get("parameters"))
                .and_then(|parameters| parameters.get("parameter_overrides"));
            let texts: Vec<&str> = match given {
                Some(Item::Value(value)) => match value.as_array() {
                    Some(texts) => texts.iter().filter_map(|text| text.as_str()).collect(),
                    None => value.as_str().into_iter().collect(),
                },
                _ => Vec::new(),
            };
            found.extend(texts.iter().flat_map(|text| overrides(text, &place)));
        }
    }
    Ok(found)
}

/// The parameters in `A=b C="d e"`, or in `ParameterKey=A,ParameterValue=b`. A text without `=` is a name without a value.
fn overrides(text: &str, place: &str) -> Vec<Override> {
    let of_word = |word: String| {
        let pair = word
            .strip_prefix("ParameterKey=")
            .and_then(|rest| rest.split_once(",ParameterValue="));
        let (name, value) = pair.or_else(|| word.split_once('=')).unwrap_or((&word, ""));
        Override {
            name: name.to_owned(),
            value: value.to_owned(),
            place: place.to_owned(),
        }
    };
    words(text).into_iter().map(of_word).collect()
}

/// What blanks divide, but for those in quotes, as a shell does.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (letter, None) if letter.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The form of a JSON file of parameters.
#[derive(Deserialize)]
#[serde(untagged)]
enum Json {
    Object(BTreeMap<String, String>),
    List(Vec<Pair>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    parameter_key: String,
    parameter_value: String,
}

/// The parameters of a JSON file: `{"A": "b"}`, or CloudFormation's list of `ParameterKey` and `ParameterValue`.
fn of_json(file: &Path, text: &str) -> Result<Vec<Override>, Error> {
    let pairs: Vec<(String, String)> = match serde_json::from_str(text) {
        Ok(Json::Object(members)) => members.into_iter().collect(),
        Ok(Json::List(pairs)) => pairs
            .into_iter()
            .map(|pair| (pair.parameter_key, pair.parameter_value))
            .collect(),
        Err(_) => {
            return Err(Error::Form {
                file: file.to_owned(),
                detail: "it must be JSON: an object of texts, or a list of ParameterKey and ParameterValue"
                    .to_owned(),
            });
        }
    };
    let place = file.display().to_string();
    let one = |(name, value)| Override {
        name,
        value,
        place: place.clone(),
    };
    Ok(pairs.into_iter().map(one).collect())
}
