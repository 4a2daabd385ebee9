//! Where Braze is (SB-500 to SB-503).

use crate::destinations::address::{bare_url, is_loopback};
use event::settings::{Braze, Problem};
use url::{Host, Url};

/// The REST hosts by instance. Source: Braze docs "API overview", endpoints.
const INSTANCES: [(&str, &str); 16] = [
    ("US-01", "https://rest.iad-01.braze.com"),
    ("US-02", "https://rest.iad-02.braze.com"),
    ("US-03", "https://rest.iad-03.braze.com"),
    ("US-04", "https://rest.iad-04.braze.com"),
    ("US-05", "https://rest.iad-05.braze.com"),
    ("US-06", "https://rest.iad-06.braze.com"),
    ("US-07", "https://rest.iad-07.braze.com"),
    ("US-08", "https://rest.iad-08.braze.com"),
    ("US-09", "https://rest.us-09.braze.com"),
    ("US-10", "https://rest.us-10.braze.com"),
    ("EU-01", "https://rest.fra-01.braze.eu"),
    ("EU-02", "https://rest.fra-02.braze.eu"),
    ("AU-01", "https://rest.au-01.braze.com"),
    ("ID-01", "https://rest.id-01.braze.com"),
    ("JP-01", "https://rest.jp-01.braze.com"),
    ("KR-01", "https://rest.kr-01.braze.com"),
];

/// The ends of Braze's own hosts.
const HOST_ENDS: [&str; 2] = [".braze.com", ".braze.eu"];

/// The first label of SDK endpoints, which take no REST call.
const SDK_LABEL: &str = "sdk";

const INSTANCE: &str = "braze.instance";
const ENDPOINT_URL: &str = "braze.endpoint_url";

/// Scheme, host and port; `None` if the settings name neither an instance nor a URL.
///
/// # Errors
/// What is wrong with `braze.instance` or `braze.endpoint_url`, with the remedy.
pub fn base_url(settings: &Braze) -> Result<Option<String>, Problem> {
    let (instance, url) = (settings.instance.trim(), settings.endpoint_url.trim());
    match (instance.is_empty(), url.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Err(problem(
            ENDPOINT_URL,
            "and braze.instance are both set; keep one of them".to_owned(),
        )),
        (false, true) => of_instance(instance).map(Some),
        (true, false) => of_url(url, settings.allow_any_host).map(Some),
    }
}

/// Scheme, host and port, for those who cannot do without.
///
/// # Errors
/// What is wrong with `braze.instance` or `braze.endpoint_url`, that neither is set included, with the remedy.
pub fn required_base_url(settings: &Braze) -> Result<String, Problem> {
    let neither = || {
        let message = "is not set, nor is braze.endpoint_url; set it to your instance, such as \"US-01\", in infra/settings/switchyard.toml";
        problem(INSTANCE, message.to_owned())
    };
    base_url(settings)?.ok_or_else(neither)
}

/// Checks what is set, for those who send nothing: both or neither is no fault to them.
///
/// # Errors
/// What is wrong with `braze.instance` or `braze.endpoint_url`, with the remedy.
pub fn check_address(settings: &Braze) -> Result<(), Problem> {
    let (instance, url) = (settings.instance.trim(), settings.endpoint_url.trim());
    if !instance.is_empty() {
        of_instance(instance)?;
    }
    if !url.is_empty() {
        of_url(url, settings.allow_any_host)?;
    }
    Ok(())
}

fn of_instance(instance: &str) -> Result<String, Problem> {
    let found = INSTANCES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(instance));
    found.map(|(_, url)| (*url).to_owned()).ok_or_else(|| {
        let names: Vec<&str> = INSTANCES.iter().map(|(name, _)| *name).collect();
        problem(
            INSTANCE,
            format!(
                "\"{instance}\" is no instance of Braze; one of {}",
                names.join(", ")
            ),
        )
    })
}

fn of_url(text: &str, allow_any_host: bool) -> Result<String, Problem> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = bare_url(&with_scheme).map_err(wrong)?;
    let allowed = match url.scheme() {
        "http" => is_loopback(&url),
        "https" => allow_any_host || is_loopback(&url) || is_brazes_own(&url)?,
        _ => false,
    };
    if !allowed {
        return Err(wrong("is not a REST endpoint of Braze"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether the host is Braze's and takes REST calls.
fn is_brazes_own(url: &Url) -> Result<bool, Problem> {
    let Some(Host::Domain(host)) = url.host() else {
        return Ok(false);
    };
    let name = HOST_ENDS.iter().find_map(|end| host.strip_suffix(end));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(false);
    };
    if url.port().is_some() {
        return Err(wrong("must have no port"));
    }
    if name.split('.').next() == Some(SDK_LABEL) {
        return Err(wrong("is the SDK endpoint, which takes no REST call"));
    }
    Ok(true)
}

fn wrong(what: &str) -> Problem {
    let remedy = "write the REST host of your instance, such as \"https://rest.iad-01.braze.com\", \
                  or set braze.instance instead, such as \"US-01\"";
    problem(ENDPOINT_URL, format!("{what}; {remedy}"))
}

fn problem(key: &str, message: String) -> Problem {
    Problem {
        key: key.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests;
