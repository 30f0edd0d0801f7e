//! A row of Prowler's CSV as a finding of OCSF, in the order in which Prowler writes its members.

use custody_domain::json::{Object, Value};

use super::{object, texts};
use crate::finding::{time, words};

/// `row` is one as it is kept.
pub fn to_ocsf<'a>(row: &'a Object<'a>) -> Value<'a> {
    let row = Row(row);
    let time = time::of_text(row.text("TIMESTAMP"));
    let seconds = Value::from(time.map_or(0, |at| at.timestamp()));
    let time_dt = Value::from(rfc3339(row.text("TIMESTAMP")));
    let status = row.text("STATUS_EXTENDED");
    let is_kubernetes = row.text("PROVIDER") == "kubernetes";
    let severity = words::severity(row.text("SEVERITY"));
    let severity_name = severity.map_or("Unknown".to_owned(), |severity| capitalised(severity.as_str()));
    let muted = row.text("MUTED").eq_ignore_ascii_case("true");
    let mut finding = object([
        ("message", Value::from(status)),
        ("metadata", row.metadata(is_kubernetes)),
        ("severity_id", Value::from(severity.map_or(0, |severity| i64::from(severity.code())))),
        ("severity", Value::from(severity_name)),
        ("status", Value::from(if muted { "Suppressed" } else { "New" })),
        ("status_code", row.value("STATUS")),
        ("status_detail", Value::from(status)),
        ("status_id", Value::from(if muted { 3_u64 } else { 1 })),
        ("unmapped", row.unmapped()),
        ("activity_name", Value::from("Create")),
        ("activity_id", Value::from(1_u64)),
        ("finding_info", row.finding_info(seconds.clone(), time_dt.clone())),
        ("resources", Value::Array(vec![row.resource(is_kubernetes)])),
        ("category_name", Value::from("Findings")),
        ("category_uid", Value::from(2_u64)),
        ("class_name", Value::from("Detection Finding")),
        ("class_uid", Value::from(2004_u64)),
    ]);
    if !is_kubernetes {
        finding.insert("cloud", row.cloud());
    }
    for (key, value) in [
        ("remediation", row.remediation()),
        ("risk_details", row.value("RISK")),
        ("time", seconds),
        ("time_dt", time_dt),
        ("type_uid", Value::from(200_401_u64)),
        ("type_name", Value::from("Detection Finding: Create")),
    ] {
        finding.insert(key, value);
    }
    Value::Object(finding)
}

struct Row<'a>(&'a Object<'a>);

impl<'a> Row<'a> {
    fn text(&self, column: &str) -> &'a str {
        self.0.get(column).and_then(Value::as_str).unwrap_or_default()
    }

    fn value(&self, column: &str) -> Value<'a> {
        Value::from(self.text(column))
    }

    fn list(&self, column: &str) -> Value<'a> {
        texts(self.text(column).split(" | ").filter(|item| !item.is_empty()))
    }

    fn metadata(&self, is_kubernetes: bool) -> Value<'a> {
        let product = object([
            ("name", Value::from("Prowler")),
            ("uid", Value::from("prowler")),
            ("vendor_name", Value::from("Prowler")),
            ("version", self.value("PROWLER_VERSION")),
        ]);
        let profile = if is_kubernetes { "container" } else { "cloud" };
        Value::Object(object([
            ("event_code", self.value("CHECK_ID")),
            ("product", Value::Object(product)),
            ("profiles", texts([profile, "datetime"])),
            ("tenant_uid", self.value("ACCOUNT_ORGANIZATION_UID")),
            ("version", Value::from("1.5.0")),
        ]))
    }

    fn unmapped(&self) -> Value<'a> {
        let mut compliance = Object::new();
        for framework in self.text("COMPLIANCE").split(" | ").filter(|item| !item.is_empty()) {
            let (framework, requirements) = framework.split_once(": ").unwrap_or((framework, ""));
            let requirements = requirements.split(", ").filter(|item| !item.is_empty());
            compliance.insert(framework, texts(requirements));
        }
        Value::Object(object([
            ("related_url", self.value("RELATED_URL")),
            ("categories", self.list("CATEGORIES")),
            ("depends_on", self.list("DEPENDS_ON")),
            ("related_to", self.list("RELATED_TO")),
            ("additional_urls", self.list("ADDITIONAL_URLS")),
            ("notes", self.value("NOTES")),
            ("compliance", Value::Object(compliance)),
            ("provider_uid", self.value("ACCOUNT_UID")),
            ("provider", self.value("PROVIDER")),
        ]))
    }

    fn finding_info(&self, time: Value<'a>, time_dt: Value<'a>) -> Value<'a> {
        let analytic = object([
            ("category", self.value("SERVICE_NAME")),
            ("name", self.value("CHECK_TITLE")),
            ("type", Value::from("Rule")),
            ("type_id", Value::from(1_u64)),
            ("uid", self.value("CHECK_ID")),
        ]);
        Value::Object(object([
            ("analytic", Value::Object(analytic)),
            ("created_time", time),
            ("created_time_dt", time_dt),
            ("desc", self.value("DESCRIPTION")),
            ("title", self.value("CHECK_TITLE")),
            ("types", self.list("CHECK_TYPE")),
            ("uid", self.value("FINDING_UID")),
        ]))
    }

    fn resource(&self, is_kubernetes: bool) -> Value<'a> {
        let data =
            object([("details", self.value("RESOURCE_DETAILS")), ("metadata", Value::Object(Object::new()))]);
        let labels = self.text("RESOURCE_TAGS").split(" | ").filter(|tag| !tag.is_empty());
        let labels = labels.map(|tag| Value::from(tag.replacen('=', ":", 1))).collect::<Vec<_>>();
        let mut resource = Object::new();
        if !is_kubernetes {
            resource.insert("cloud_partition", self.value("PARTITION"));
            resource.insert("region", self.value("REGION"));
        }
        for (key, value) in [
            ("data", Value::Object(data)),
            ("group", Value::Object(object([("name", self.value("SERVICE_NAME"))]))),
            ("labels", Value::Array(labels)),
            ("name", self.value("RESOURCE_NAME")),
            ("type", self.value("RESOURCE_TYPE")),
            ("uid", self.value("RESOURCE_UID")),
        ] {
            resource.insert(key, value);
        }
        if is_kubernetes {
            let region = self.text("REGION");
            let namespace = region.strip_prefix("namespace: ").unwrap_or(region);
            resource.insert("namespace", Value::from(namespace));
        }
        Value::Object(resource)
    }

    fn cloud(&self) -> Value<'a> {
        let (kind, kind_id) = match self.text("PROVIDER") {
            "aws" => ("AWS Account", 10_u64),
            "azure" => ("Azure AD Account", 6),
            "gcp" => ("GCP Account", 5),
            _ => ("Other", 99),
        };
        let account = object([
            ("name", self.value("ACCOUNT_NAME")),
            ("type", Value::from(kind)),
            ("type_id", Value::from(kind_id)),
            ("uid", self.value("ACCOUNT_UID")),
            ("labels", self.list("ACCOUNT_TAGS")),
        ]);
        let organization = object([
            ("name", self.value("ACCOUNT_ORGANIZATION_NAME")),
            ("ou_uid", self.value("ACCOUNT_OU_UID")),
            ("ou_name", self.value("ACCOUNT_OU_NAME")),
            ("uid", self.value("ACCOUNT_ORGANIZATION_UID")),
        ]);
        Value::Object(object([
            ("account", Value::Object(account)),
            ("org", Value::Object(organization)),
            ("provider", self.value("PROVIDER")),
            ("region", self.value("REGION")),
        ]))
    }

    fn remediation(&self) -> Value<'a> {
        let references =
            [self.text("REMEDIATION_RECOMMENDATION_URL")].into_iter().filter(|url| !url.is_empty());
        Value::Object(object([
            ("desc", self.value("REMEDIATION_RECOMMENDATION_TEXT")),
            ("references", texts(references)),
        ]))
    }
}

/// `2026-11-21 19:14:29.357656+00:00` with its `T` and `Z`; what is no such time is left as it is.
fn rfc3339(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    match text.strip_suffix("+00:00") {
        Some(utc) => format!("{utc}Z"),
        None => text,
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
