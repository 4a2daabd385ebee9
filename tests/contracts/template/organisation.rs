//! What organisations ask for: a permissions boundary, a path for roles, a KMS key of their own.

use crate::evaluated::{Template, Value};
use crate::{TEMPLATE, template};

const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/limits";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";

fn read(overrides: &[(&str, &str)]) -> Template {
    let files = [("BrazeFilesBucket", "acme-currents")];
    Template::read(TEMPLATE, &[&files, overrides].concat())
}

#[test]
fn every_role_has_the_boundary_and_the_path() {
    event::rules!["RI-036"];
    let asked = read(&[("PermissionsBoundary", BOUNDARY), ("RolePath", "/apps/")]);
    let roles = asked.of_type("AWS::IAM::Role");
    assert_eq!(roles.len(), 7);
    for name in roles {
        let role = asked.resource(name);
        assert_eq!(role.text("Properties.PermissionsBoundary"), BOUNDARY, "{name}");
        assert_eq!(role.text("Properties.Path"), "/apps/", "{name}");
        let plain = read(&[]).resource(name);
        assert_eq!(plain.text("Properties.Path"), "/", "{name}");
        assert_eq!(plain.at("Properties").get("PermissionsBoundary"), None, "{name}");
    }
}

#[test]
fn a_key_of_ones_own_encrypts_queues_logs_and_secrets() {
    event::rules!["RI-030"];
    let (own, plain) = (read(&[("KmsKeyArn", KEY)]), read(&[]));
    for (kind, property, count) in [
        ("AWS::SQS::Queue", "KmsMasterKeyId", 9),
        ("AWS::Logs::LogGroup", "KmsKeyId", 7),
        ("AWS::SecretsManager::Secret", "KmsKeyId", 6),
    ] {
        let names = own.of_type(kind);
        assert_eq!(names.len(), count, "{kind}");
        for name in names {
            let with = own.resource(name);
            assert_eq!(with.at("Properties").text(property), KEY, "{name}");
            // SQS takes one of the two.
            assert_eq!(with.at("Properties").get("SqsManagedSseEnabled"), None, "{name}");
            assert_eq!(
                plain.resource(name).at("Properties").get(property),
                None,
                "{name}"
            );
        }
    }
    for name in own.of_type("AWS::IAM::Role") {
        let statements = |template: &Template| {
            let role = template.resource(name);
            role.at("Properties.Policies").items()[0]
                .at("PolicyDocument.Statement")
                .items()
                .to_vec()
        };
        let added: Vec<Value> = statements(&own)
            .into_iter()
            .filter(|statement| statement.text("Sid") == "OwnKey")
            .collect();
        assert_eq!(added.len(), 1, "{name}");
        assert_eq!(added[0].texts("Action"), ["kms:Decrypt", "kms:GenerateDataKey"]);
        assert_eq!(added[0].text("Resource"), KEY);
        assert_eq!(statements(&own).len(), statements(&plain).len() + 1, "{name}");
    }
}

#[test]
fn required_choices_stand_first() {
    let template = template();
    let names: Vec<&str> = template
        .section("Parameters")
        .entries()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names[..2], ["Architecture", "ReserveConcurrency"]);
}
