//! Where webhooks come in: Function URLs, or an HTTP API before each receiver.

use crate::evaluated::{STACK, Template, Value};
use crate::{TEMPLATE, template};

const RECEIVERS: [&str; 3] = ["ReceiveSegment", "ReceiveBraze", "ReceiveBranch"];

fn with_http_api() -> Template {
    Template::read(TEMPLATE, &[("Ingress", "HttpApi")])
}

#[test]
fn an_http_api_passes_everything_to_its_receiver() {
    event::rules!["RI-049"];
    let template = with_http_api();
    for receiver in RECEIVERS {
        let part = |name: &str| {
            let resource = template.resource(&format!("{receiver}Api{name}"));
            resource.at("Properties").clone()
        };
        let api_id = format!("{receiver}Api");
        let api = part("");
        let vendor = receiver.trim_start_matches("Receive").to_lowercase();
        assert_eq!(api.text("Name"), format!("{STACK}-receive-{vendor}"));
        assert_eq!(api.text("ProtocolType"), "HTTP");
        assert_eq!(api.get("CorsConfiguration"), None);
        let integration = part("Integration");
        assert_eq!(integration.text("ApiId"), api_id);
        assert_eq!(integration.text("IntegrationType"), "AWS_PROXY");
        assert_eq!(integration.text("IntegrationUri"), format!("{receiver}.Arn"));
        assert_eq!(integration.text("PayloadFormatVersion"), "2.0");
        let route = part("Route");
        assert_eq!(
            (route.text("ApiId"), route.text("RouteKey")),
            (api_id.as_str(), "$default")
        );
        assert_eq!(route.text("AuthorizationType"), "NONE");
        assert_eq!(
            route.text("Target"),
            format!("integrations/${{{receiver}ApiIntegration}}")
        );
        let stage = part("Stage");
        assert_eq!(
            (stage.text("ApiId"), stage.text("StageName")),
            (api_id.as_str(), "$default")
        );
        assert_eq!(*stage.at("AutoDeploy"), Value::Bool(true));
        let permission = part("Permission");
        assert_eq!(permission.text("FunctionName"), format!("{receiver}.Arn"));
        assert_eq!(permission.text("Principal"), "apigateway.amazonaws.com");
        assert_eq!(permission.text("Action"), "lambda:InvokeFunction");
        let source = permission.text("SourceArn");
        assert!(
            source.ends_with(&format!(":${{{api_id}}}/*/$default")),
            "{source}"
        );
    }
}

#[test]
fn there_is_one_way_in_and_the_outputs_name_it() {
    event::rules!["RI-039", "RI-049"];
    let kinds = ["Api", "Integration", "Route", "Stage"].map(|kind| format!("AWS::ApiGatewayV2::{kind}"));
    let count = |template: &Template, kind: &str| template.of_type(kind).len();
    let public = |template: &Template| {
        let permissions = template.of_type("AWS::Lambda::Permission").into_iter();
        permissions
            .filter(|name| template.resource(name).text("Properties.Principal") == "*")
            .count()
    };
    let (urls, apis) = (template(), with_http_api());
    assert_eq!((count(&urls, "AWS::Lambda::Url"), public(&urls)), (3, 6));
    assert_eq!((count(&apis, "AWS::Lambda::Url"), public(&apis)), (0, 0));
    for kind in kinds {
        assert_eq!((count(&urls, &kind), count(&apis, &kind)), (0, 3), "{kind}");
    }
    for receiver in RECEIVERS {
        let output = |template: &Template| {
            let value = template.section("Outputs").at(&format!("{receiver}Url"));
            value.text("Value").to_owned()
        };
        assert_eq!(output(&urls), format!("{receiver}Url.FunctionUrl"));
        let host = format!("https://${{{receiver}Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/");
        assert_eq!(output(&apis), host);
    }
}
