//! SARIF 2.1.0: each result of each run into OCSF, with its rule. The result stands whole in
//! `unmapped.sarif`. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use custody_domain::json::{Object, Value};

use crate::finding::{Refused, convert::object};

pub(super) fn is_one(document: &Object<'_>) -> bool {
    document.contains_key("runs") && document.contains_key("version")
}

pub(super) fn findings<'a>(document: &'a Object<'a>) -> impl Iterator<Item = Result<Object<'a>, Refused>> {
    let runs = document.get("runs").and_then(Value::as_array).unwrap_or_default();
    runs.iter().enumerate().flat_map(|(r, run)| {
        let results = run.pointer("/results").and_then(Value::as_array).unwrap_or_default();
        results
            .iter()
            .enumerate()
            .map(move |(n, result)| finding(run, result, &format!("/runs/{r}/results/{n}")))
    })
}

fn finding<'a>(run: &'a Value<'a>, result: &'a Value<'a>, at: &str) -> Result<Object<'a>, Refused> {
    let text = |value: &Value<'_>, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let of_result = |pointer| text(result, pointer);
    let rule = rule(run, result);
    let of_rule = |pointer| rule.map(|rule| text(rule, pointer)).unwrap_or_default();
    let check = first([of_result("/ruleId"), of_result("/rule/id"), of_rule("/id")]);
    if check.is_empty() {
        return Err(Refused::new(format!("{at}/ruleId"), "is missing"));
    }
    let tool = first([text(run, "/tool/driver/name"), "sarif".to_owned()]);
    let file = of_result("/locations/0/physicalLocation/artifactLocation/uri");
    let line = match result.pointer("/locations/0/physicalLocation/region/startLine") {
        Some(Value::Number(line)) => line.to_string(),
        _ => String::new(),
    };
    let uid = first([of_result("/guid"), format!("sarif-{tool}-{check}-{file}:{line}")]);
    let product = object([
        ("name", Value::from(tool.clone())),
        ("version", Value::from(text(run, "/tool/driver/version"))),
    ]);
    let resource = object([
        ("name", Value::from(file.clone())),
        ("type", Value::from("File")),
        ("uid", Value::from(first([file, tool.clone()]))),
    ]);
    let info = object([
        ("desc", Value::from(of_rule("/fullDescription/text"))),
        ("title", Value::from(first([of_rule("/shortDescription/text"), of_rule("/name"), check.clone()]))),
        ("uid", Value::from(uid)),
    ]);
    let metadata = object([("event_code", Value::from(check)), ("product", Value::Object(product))]);
    let message = of_result("/message/text");
    let unmapped = object([("provider", Value::from(provider(rule, tool))), ("sarif", result.clone())]);
    Ok(object([
        ("message", Value::from(message.clone())),
        ("metadata", Value::Object(metadata)),
        ("severity", Value::from(severity(rule, result))),
        ("status_code", Value::from(status(&of_result("/kind")))),
        ("status_detail", Value::from(message)),
        ("finding_info", Value::Object(info)),
        ("resources", Value::Array(vec![Value::Object(resource)])),
        ("class_uid", Value::from(2004_u64)),
        ("remediation", Value::Object(object([("desc", Value::from(of_rule("/help/text")))]))),
        ("unmapped", Value::Object(unmapped)),
    ]))
}

/// By its index or its id (section 3.27.7).
fn rule<'v, 'a>(run: &'v Value<'a>, result: &Value<'a>) -> Option<&'v Value<'a>> {
    let rules = run.pointer("/tool/driver/rules")?.as_array()?;
    if let Some(Value::Number(index)) = result.pointer("/ruleIndex") {
        return rules.get(index.parse::<usize>().ok()?);
    }
    let id = result.pointer("/ruleId")?.as_str()?;
    rules.iter().find(|rule| rule.pointer("/id").and_then(Value::as_str) == Some(id))
}

/// Prowler names it in the rule's tags; elsewhere it is the tool's name.
fn provider(rule: Option<&Value<'_>>, tool: String) -> String {
    let tags = rule.and_then(|rule| rule.pointer("/properties/tags")).and_then(Value::as_array);
    let tag = tags
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .find_map(|tag| tag.strip_prefix("prowler/"));
    tag.map_or(tool, str::to_owned)
}

/// The rule's number, as GitHub sorts it; else the result's level (section 3.27.10).
fn severity(rule: Option<&Value<'_>>, result: &Value<'_>) -> &'static str {
    let number = rule.and_then(|rule| rule.pointer("/properties/security-severity"));
    let number = match number {
        Some(Value::String(text) | Value::Number(text)) => text.parse::<f64>().ok(),
        _ => None,
    };
    if let Some(number) = number {
        return match number {
            9.0.. => "critical",
            7.0.. => "high",
            4.0.. => "medium",
            0.1.. => "low",
            _ => "informational",
        };
    }
    let level =
        |value: &Value<'_>, pointer| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let level =
        level(result, "/level").or_else(|| rule.and_then(|rule| level(rule, "/defaultConfiguration/level")));
    match level.as_deref() {
        Some("error") => "high",
        Some("note") => "low",
        Some("none") => "informational",
        _ => "medium",
    }
}

/// Section 3.27.9.
fn status(kind: &str) -> &'static str {
    match kind {
        "pass" => "PASS",
        "fail" | "" => "FAIL",
        _ => "MANUAL",
    }
}

fn first<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
