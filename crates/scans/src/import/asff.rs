//! The AWS Security Finding Format, as Security Hub and Prowler write it, into OCSF. The whole finding
//! stands in `unmapped.asff`.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html>

use custody_domain::json::{Object, Value};

use crate::finding::{
    Refused,
    convert::{object, texts},
};

pub(super) fn is_one(object: &Object<'_>) -> bool {
    object.contains_key("ProductArn") && object.contains_key("AwsAccountId")
}

pub(super) fn finding<'a>(asff: &'a Object<'a>) -> Result<Object<'a>, Refused> {
    let whole = Value::Object(asff.clone());
    let text = |pointer: &str| whole.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let required = |pointer: &str| match text(pointer) {
        text if text.is_empty() => Err(Refused::new(pointer, "is missing")),
        text => Ok(Value::from(text)),
    };
    let generator = text("/GeneratorId");
    let check = generator.strip_prefix("prowler-").unwrap_or(&generator).to_owned();
    if check.is_empty() {
        return Err(Refused::new("/GeneratorId", "is missing"));
    }
    let product = object([
        ("name", Value::from(first([text("/ProductFields/ProviderName"), text("/ProductName")]))),
        ("vendor_name", Value::from(text("/CompanyName"))),
        ("version", Value::from(text("/ProductFields/ProviderVersion"))),
    ]);
    let info = object([
        ("created_time_dt", Value::from(text("/CreatedAt"))),
        ("desc", Value::from(text("/Description"))),
        ("title", Value::from(text("/Title"))),
        ("types", whole.pointer("/Types").cloned().unwrap_or_else(|| texts([]))),
        ("uid", required("/Id")?),
    ]);
    let region = first([text("/Resources/0/Region"), text("/Region")]);
    let account = object([("uid", required("/AwsAccountId")?), ("type", Value::from("AWS Account"))]);
    let resource = text("/Resources/0/Id");
    let name = resource.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let resource = object([
        ("cloud_partition", Value::from(text("/Resources/0/Partition"))),
        ("name", Value::from(name)),
        ("region", Value::from(region.clone())),
        ("type", Value::from(text("/Resources/0/Type"))),
        ("uid", Value::from(resource)),
    ]);
    let references = Value::Array(vec![Value::from(text("/Remediation/Recommendation/Url"))]);
    let remediation =
        object([("desc", Value::from(text("/Remediation/Recommendation/Text"))), ("references", references)]);
    let severity = first([text("/Severity/Label"), text("/FindingProviderFields/Severity/Label")]);
    Ok(object([
        ("message", Value::from(text("/Description"))),
        (
            "metadata",
            Value::Object(object([("event_code", Value::from(check)), ("product", Value::Object(product))])),
        ),
        ("severity", Value::from(severity)),
        ("status_code", Value::from(text("/Compliance/Status"))),
        ("status_detail", Value::from(text("/Description"))),
        ("finding_info", Value::Object(info)),
        ("resources", Value::Array(vec![Value::Object(resource)])),
        ("class_uid", Value::from(2004_u64)),
        (
            "cloud",
            Value::Object(object([
                ("account", Value::Object(account)),
                ("provider", Value::from("aws")),
                ("region", Value::from(region)),
            ])),
        ),
        ("remediation", Value::Object(remediation)),
        ("time_dt", Value::from(text("/UpdatedAt"))),
        ("unmapped", Value::Object(object([("asff", whole.clone())]))),
    ]))
}

fn first<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
