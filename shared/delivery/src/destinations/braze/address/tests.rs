use super::*;

fn instance(name: &str) -> Result<Option<String>, Problem> {
    base_url(&settings(name, ""))
}

fn url(text: &str, allow_any_host: bool) -> Result<Option<String>, Problem> {
    base_url(&Braze {
        allow_any_host,
        ..settings("", text)
    })
}

fn settings(instance: &str, endpoint_url: &str) -> Braze {
    Braze {
        instance: instance.to_owned(),
        endpoint_url: endpoint_url.to_owned(),
        ..Braze::default()
    }
}

#[test]
fn an_instance_names_its_host_in_any_case() {
    event::rules!["SB-500"];
    let of = |name| instance(name).unwrap().unwrap();
    for (name, host) in [
        ("US-01", "iad-01.braze.com"),
        ("us-08", "iad-08.braze.com"),
        ("US-09", "us-09.braze.com"),
        ("Us-10", "us-10.braze.com"),
        ("EU-01", "fra-01.braze.eu"),
        ("eu-02", "fra-02.braze.eu"),
        ("AU-01", "au-01.braze.com"),
        ("ID-01", "id-01.braze.com"),
        ("JP-01", "jp-01.braze.com"),
        ("KR-01", "kr-01.braze.com"),
    ] {
        assert_eq!(of(name), format!("https://rest.{host}"));
    }
    for bad in ["US-11", "EU-03", "iad-01", "US01", "rest.iad-01.braze.com"] {
        let problem = instance(bad).unwrap_err();
        assert_eq!(problem.key, "braze.instance");
        assert!(problem.message.contains("US-01"), "{}", problem.message);
    }
}

#[test]
fn neither_is_no_address_and_both_are_refused() {
    event::rules!["SB-500", "SB-502"];
    assert_eq!(base_url(&Braze::default()).unwrap(), None);
    let problem = required_base_url(&Braze::default()).unwrap_err().to_string();
    for named in ["`braze.instance`", "braze.endpoint_url", "US-01"] {
        assert!(problem.contains(named), "{problem}");
    }
    let both = settings("US-01", "https://rest.iad-01.braze.com");
    assert!(base_url(&both).is_err() && required_base_url(&both).is_err());
}

#[test]
fn without_its_route_an_address_is_optional_but_checked() {
    event::rules!["SB-311"];
    let check = |instance: &str, endpoint_url: &str| check_address(&settings(instance, endpoint_url));
    let url = "https://rest.iad-01.braze.com";
    for (instance, endpoint_url) in [("", ""), ("US-01", ""), ("", url), ("US-01", url)] {
        assert_eq!(check(instance, endpoint_url), Ok(()));
    }
    for (instance, endpoint_url, key) in [
        ("US-99", "", "braze.instance"),
        ("US-99", url, "braze.instance"),
        ("", "https://example.com", "braze.endpoint_url"),
        ("US-01", "https://sdk.iad-01.braze.com", "braze.endpoint_url"),
    ] {
        assert_eq!(check(instance, endpoint_url).unwrap_err().key, key);
    }
}

const GOOD: [(&str, &str); 19] = [
    ("https://rest.iad-01.braze.com", "https://rest.iad-01.braze.com"),
    ("https://rest.iad-01.braze.com/", "https://rest.iad-01.braze.com"),
    (" https://rest.iad-01.braze.com ", "https://rest.iad-01.braze.com"),
    ("rest.iad-01.braze.com", "https://rest.iad-01.braze.com"),
    ("rest.iad-01.braze.com/", "https://rest.iad-01.braze.com"),
    ("REST.IAD-01.BRAZE.COM", "https://rest.iad-01.braze.com"),
    ("HTTPS://rest.iad-01.braze.com", "https://rest.iad-01.braze.com"),
    ("https://rest.fra-01.braze.eu", "https://rest.fra-01.braze.eu"),
    ("rest.fra-02.braze.eu", "https://rest.fra-02.braze.eu"),
    ("https://rest.us-10.braze.com", "https://rest.us-10.braze.com"),
    ("https://rest.au-01.braze.com", "https://rest.au-01.braze.com"),
    ("https://rest.kr-01.braze.com", "https://rest.kr-01.braze.com"),
    ("https://rest.fra-01.braze.eu:443", "https://rest.fra-01.braze.eu"),
    ("https://mysdk.braze.com", "https://mysdk.braze.com"),
    ("https://rest.sdk.braze.com", "https://rest.sdk.braze.com"),
    ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
    ("http://127.0.0.1", "http://127.0.0.1"),
    ("http://localhost:4010", "http://localhost:4010"),
    ("http://[::1]:4010", "http://[::1]:4010"),
];

const BAD: [&str; 45] = [
    "https://rest.iad-01.braze.com.",
    "rest.iad-01.braze.com.",
    "http://127.9.9.9:1",
    "http://127.1:4010",
    "http://[::ffff:7f00:1]:4010",
    "http://rest.iad-01.braze.com",
    "ftp://rest.iad-01.braze.com",
    "ws://127.0.0.1:4010",
    "file:///etc/hosts",
    "javascript://rest.iad-01.braze.com",
    "https://sdk.iad-01.braze.com",
    "https://SDK.iad-01.braze.com",
    "sdk.fra-01.braze.eu",
    "https://sdk.braze.com",
    "https://braze.com",
    "https://braze.eu",
    "braze.com",
    "https://.braze.com",
    "https://rest.iad-01.braze.com.example.com",
    "https://rest.iad-01.braze.com@example.com",
    "https://rest.iad-01.braze.com@127.0.0.1",
    "https://rest.iad-01-braze.com",
    "https://restbraze.com",
    "https://notbraze.com",
    "https://rest.braze.co",
    "https://rest.braze.comm",
    "https://rest.braze.org",
    "https://braze.com.evil.io",
    "https://example.com",
    "https://10.0.0.1",
    "http://10.0.0.1",
    "http://127.0.0.1.example.com",
    "http://example.com",
    "https://user@rest.iad-01.braze.com",
    "https://user:word@rest.iad-01.braze.com",
    "https://@rest.iad-01.braze.com",
    "https://rest.iad-01.braze.com:8443",
    "https://rest.iad-01.braze.com:80",
    "https://rest.iad-01.braze.com/users/track",
    "https://rest.iad-01.braze.com//",
    "https://rest.iad-01.braze.com?x=1",
    "https://rest.iad-01.braze.com#x",
    "https://rest.iad-01.braze.com\\@example.com",
    "https://",
    "US-01 ",
];

#[test]
fn sixty_four_addresses() {
    event::rules!["SB-502", "SB-708", "SB-501", "RD-172"];
    for (text, wanted) in GOOD {
        assert_eq!(url(text, false).unwrap().as_deref(), Some(wanted), "{text}");
    }
    for text in BAD {
        let problem = url(text, false).expect_err(text);
        assert_eq!(problem.key, "braze.endpoint_url", "{text}");
        assert!(
            problem.message.contains("https://rest.iad-01.braze.com"),
            "{text}: {}",
            problem.message
        );
    }
}

#[test]
fn any_https_host_and_port_pass_if_the_settings_say_so() {
    event::rules!["SB-503"];
    assert_eq!(
        url("https://proxy.example.com:8443", true).unwrap().as_deref(),
        Some("https://proxy.example.com:8443")
    );
    for bad in [
        "http://proxy.example.com",
        "https://user@proxy.example.com",
        "https://proxy.example.com/x",
    ] {
        assert!(url(bad, true).is_err(), "{bad}");
    }
}
