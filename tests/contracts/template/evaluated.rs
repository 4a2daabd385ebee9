//! The template as CloudFormation sees it once parameters, conditions and the SAM globals are filled in.
//!
//! A reference to a resource stays readable: `!Ref BrazeQueue` becomes `BrazeQueue`, `!GetAtt BrazeQueue.Arn` becomes
//! `BrazeQueue.Arn`, `AWS::StackName` becomes `acme`.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Scalar, Yaml};

/// The name that `AWS::StackName` is evaluated to.
pub const STACK: &str = "acme";

/// One evaluated value of the template.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The member of a map, if this is one and has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at a path of members such as `Properties.Timeout`; fails the test if there is none.
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, key| {
            value
                .get(key)
                .unwrap_or_else(|| panic!("{path}: no `{key}` in {value:#?}"))
        })
    }

    pub fn int(&self, path: &str) -> i64 {
        match self.at(path) {
            Value::Int(number) => *number,
            other => panic!("{path} is {other:?}, not a number"),
        }
    }

    pub fn text(&self, path: &str) -> &str {
        match self.at(path) {
            Value::Text(text) => text,
            other => panic!("{path} is {other:?}, not a text"),
        }
    }

    /// The texts at `path`, be it one text or a list of them.
    pub fn texts(&self, path: &str) -> Vec<&str> {
        match self.at(path) {
            Value::Text(text) => vec![text],
            Value::List(items) => items
                .iter()
                .map(|item| match item {
                    Value::Text(text) => text.as_str(),
                    other => panic!("{path} holds {other:?}, not a text"),
                })
                .collect(),
            other => panic!("{path} is {other:?}, not texts"),
        }
    }

    pub fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Map(entries) => entries,
            other => panic!("{other:?} is no map"),
        }
    }

    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }
}

/// The template under one choice of parameters.
pub struct Template {
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, bool>,
    root: Value,
}

impl Template {
    /// Reads `text` with the parameters' defaults, but for `overrides`.
    pub fn read(text: &str, overrides: &[(&str, &str)]) -> Template {
        let documents = Yaml::load_from_str(text).unwrap();
        let mut template = Template {
            parameters: BTreeMap::new(),
            conditions: BTreeMap::new(),
            root: Value::Null,
        };
        let raw = template.evaluate(&documents[0]);
        for (name, parameter) in raw.at("Parameters").entries() {
            template
                .parameters
                .insert(name.clone(), parameter.at("Default").clone());
        }
        for (name, value) in overrides {
            let previous = template
                .parameters
                .insert((*name).to_owned(), Value::Text((*value).to_owned()));
            assert!(previous.is_some(), "no parameter {name}");
        }
        let with_parameters = template.evaluate(&documents[0]);
        for (name, condition) in with_parameters.at("Conditions").entries() {
            template
                .conditions
                .insert(name.clone(), *condition == Value::Bool(true));
        }
        // Once more, for those that are made of others.
        let with_conditions = template.evaluate(&documents[0]);
        for (name, condition) in with_conditions.at("Conditions").entries() {
            template
                .conditions
                .insert(name.clone(), *condition == Value::Bool(true));
        }
        template.root = template.evaluate(&documents[0]);
        template.leave_out_what_is_not_deployed();
        template
    }

    /// Resources and outputs whose condition does not hold.
    fn leave_out_what_is_not_deployed(&mut self) {
        let Value::Map(sections) = &mut self.root else {
            return;
        };
        for (name, section) in sections {
            if let (true, Value::Map(entries)) = (["Resources", "Outputs"].contains(&name.as_str()), section)
            {
                entries.retain(|(_, entry)| match entry.get("Condition") {
                    Some(Value::Text(condition)) => self.conditions[condition],
                    _ => true,
                });
            }
        }
    }

    pub fn section(&self, name: &str) -> &Value {
        self.root.at(name)
    }

    /// A resource by its logical name, with the SAM globals merged into a function's properties.
    pub fn resource(&self, name: &str) -> Value {
        let resource = self
            .root
            .at("Resources")
            .get(name)
            .unwrap_or_else(|| panic!("no resource {name}"));
        if resource.text("Type") != "AWS::Serverless::Function" {
            return resource.clone();
        }
        let properties = merge(self.root.at("Globals.Function"), resource.at("Properties"));
        Value::Map(vec![
            ("Type".to_owned(), resource.at("Type").clone()),
            ("Properties".to_owned(), properties),
        ])
    }

    /// The logical names of all resources of a type, in order.
    pub fn of_type(&self, kind: &str) -> Vec<&str> {
        let resources = self.root.at("Resources").entries().iter();
        resources
            .filter(|(_, value)| value.text("Type") == kind)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn evaluate(&self, node: &Yaml<'_>) -> Value {
        match node {
            Yaml::Value(Scalar::Null) => Value::Null,
            Yaml::Value(Scalar::Boolean(value)) => Value::Bool(*value),
            Yaml::Value(Scalar::Integer(value)) => Value::Int(*value),
            Yaml::Value(Scalar::String(value)) => Value::Text(value.clone().into_owned()),
            Yaml::Sequence(items) => {
                let items = items.iter().map(|item| self.evaluate(item));
                let no_value = Value::Text("AWS::NoValue".to_owned());
                Value::List(items.filter(|item| *item != no_value).collect())
            }
            Yaml::Mapping(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_str().unwrap().to_owned(), self.evaluate(value)))
                    .filter(|(_, value)| *value != Value::Text("AWS::NoValue".to_owned()))
                    .collect(),
            ),
            Yaml::Tagged(tag, node) => {
                let argument = match &**node {
                    // A branch without a value keeps its place.
                    Yaml::Sequence(items) => {
                        Value::List(items.iter().map(|item| self.evaluate(item)).collect())
                    }
                    node => self.evaluate(node),
                };
                self.call(&tag.suffix, argument)
            }
            other => panic!("the template holds {other:?}"),
        }
    }

    fn call(&self, function: &str, argument: Value) -> Value {
        match (function, argument) {
            ("Ref", Value::Text(name)) if name == "AWS::StackName" => Value::Text(STACK.to_owned()),
            ("Ref", Value::Text(name)) => self.parameters.get(&name).cloned().unwrap_or(Value::Text(name)),
            ("GetAtt", Value::Text(name)) => Value::Text(name),
            ("Sub", Value::Text(text)) => {
                let own = self.parameters.iter().filter_map(|(name, value)| match value {
                    Value::Text(value) => Some((format!("${{{name}}}"), value)),
                    _ => None,
                });
                let text = text.replace("${AWS::StackName}", STACK);
                Value::Text(own.fold(text, |text, (name, value)| text.replace(&name, value)))
            }
            // A text and the variables that it alone knows.
            ("Sub", Value::List(parts)) => {
                let Value::Text(text) = self.call("Sub", parts[0].clone()) else {
                    panic!("{parts:?}")
                };
                let variables = parts[1].entries().iter();
                Value::Text(variables.fold(text, |text, (name, value)| match value {
                    Value::Text(value) => text.replace(&format!("${{{name}}}"), value),
                    other => panic!("{name} is {other:?}, not a text"),
                }))
            }
            ("Equals", Value::List(sides)) => Value::Bool(sides[0] == sides[1]),
            ("And", Value::List(all)) => Value::Bool(all.iter().all(|one| *one == Value::Bool(true))),
            ("Condition", Value::Text(name)) => Value::Bool(self.conditions.get(&name) != Some(&false)),
            ("Not", Value::List(sides)) => Value::Bool(sides[0] == Value::Bool(false)),
            ("If", Value::List(branches)) => {
                let Value::Text(condition) = &branches[0] else {
                    panic!("{branches:?}")
                };
                match self.conditions.get(condition) {
                    Some(false) => branches[2].clone(),
                    _ => branches[1].clone(),
                }
            }
            (function, argument) => panic!("!{function} {argument:?} is not known here"),
        }
    }
}

/// Maps are merged, all else is replaced: what SAM does with its globals.
fn merge(below: &Value, above: &Value) -> Value {
    let (Value::Map(below), Value::Map(above)) = (below, above) else {
        return above.clone();
    };
    let mut merged = below.clone();
    for (key, value) in above {
        match merged.iter_mut().find(|(name, _)| name == key) {
            Some((_, slot)) => *slot = merge(slot, value),
            None => merged.push((key.clone(), value.clone())),
        }
    }
    Value::Map(merged)
}
