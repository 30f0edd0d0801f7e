//! What a finding's text says beyond its columns, whichever form it is of.

use std::collections::BTreeMap;

use custody_domain::{
    finding::Texts,
    json::{Limits, Value, parse},
};
use custody_store::findings::{FINDING_BYTES_MAX, Form};

use crate::{
    catalogue::Check,
    finding::{
        Refused,
        convert::{text_of, to_ocsf},
    },
};

/// Empty where it says nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    pub status_detail: String,
    pub description: String,
    pub risk: String,
    pub remediation: Remediation,
    /// Requirements by framework: `CIS-3.0` → `2.1.4`.
    pub compliance: BTreeMap<String, Vec<String>>,
    pub categories: Vec<String>,
}

/// How it is put right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remediation {
    pub text: String,
    pub url: String,
    /// Code, of which OCSF has none.
    pub cli: String,
    pub terraform: String,
    pub native_iac: String,
    pub other: String,
}

/// Of a finding's text. What is not there, or of another type than it should be, is left empty.
pub fn details(form: Form, text: &str) -> Details {
    let limits = Limits { bytes: FINDING_BYTES_MAX, ..Limits::default() };
    let Ok(value) = parse(text.as_bytes(), &limits) else { return Details::default() };
    match form {
        Form::Ocsf => of_ocsf(&value),
        Form::Csv => of_row(&value),
    }
}

/// The finding whole, as OCSF; the text itself, where it is that.
pub fn as_ocsf(form: Form, text: String) -> Result<String, Refused> {
    if form == Form::Ocsf {
        return Ok(text);
    }
    let limits = Limits { bytes: FINDING_BYTES_MAX, ..Limits::default() };
    let row = parse(text.as_bytes(), &limits)?;
    let row = row.as_object().ok_or_else(|| Refused::new("", "is no row"))?;
    Ok(text_of(&to_ocsf(row)))
}

impl Remediation {
    /// Nothing to paste.
    pub(crate) fn has_no_code(&self) -> bool {
        [&self.cli, &self.terraform, &self.native_iac, &self.other].iter().all(|code| code.trim().is_empty())
    }
}

impl Details {
    /// What the finding does not say, as its check is known now; findings as OCSF have no code. Code of the two is
    /// not mixed: it is one's or the other's.
    #[must_use]
    pub fn or_of(mut self, check: &Check) -> Self {
        let Check { description, risk, remediation: known, .. } = check;
        let of_check = [
            (&mut self.description, description),
            (&mut self.risk, risk),
            (&mut self.remediation.text, &known.text),
            (&mut self.remediation.url, &known.url),
        ];
        for (text, known) in of_check.into_iter().filter(|(text, _)| text.is_empty()) {
            text.clone_from(known);
        }
        if self.remediation.has_no_code() {
            self.remediation.cli.clone_from(&known.cli);
            self.remediation.terraform.clone_from(&known.terraform);
            self.remediation.native_iac.clone_from(&known.native_iac);
            self.remediation.other.clone_from(&known.other);
        }
        self
    }

    pub(crate) fn into_texts(self) -> Texts<'static> {
        Texts {
            status_detail: self.status_detail.into(),
            description: self.description.into(),
            risk: self.risk.into(),
            remediation: self.remediation.text.into(),
            categories: self.categories.into_iter().map(Into::into).collect(),
            frameworks: self.compliance.into_keys().map(Into::into).collect(),
        }
    }
}

fn at(value: &Value<'_>, pointers: &[&str]) -> String {
    let text = |pointer: &&str| value.pointer(pointer)?.as_str().filter(|text| !text.is_empty());
    pointers.iter().find_map(text).unwrap_or_default().to_owned()
}

fn list(value: Option<&Value<'_>>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// <https://schema.ocsf.io/1.5.0/classes/detection_finding>; `unmapped` as Prowler fills it.
fn of_ocsf(value: &Value<'_>) -> Details {
    let mut compliance = BTreeMap::new();
    if let Some(Value::Object(frameworks)) = value.pointer("/unmapped/compliance") {
        for (framework, requirements) in frameworks.iter() {
            compliance.insert(framework.to_owned(), list(Some(requirements)));
        }
    }
    Details {
        status_detail: at(value, &["/status_detail", "/message"]),
        description: at(value, &["/finding_info/desc", "/finding/desc"]),
        risk: at(value, &["/risk_details"]),
        remediation: Remediation {
            text: at(value, &["/remediation/desc"]),
            url: list(value.pointer("/remediation/references")).into_iter().next().unwrap_or_default(),
            ..Remediation::default()
        },
        compliance,
        categories: list(value.pointer("/unmapped/categories")),
    }
}

/// Lists are written `a | b`, frameworks `CIS-3.0: 1.2, 1.3 | …`.
fn of_row(value: &Value<'_>) -> Details {
    let column = |name: &str| at(value, &[&format!("/{name}")]);
    let parts = |text: &str, sign: char| -> Vec<String> {
        text.split(sign).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let compliance = parts(&column("COMPLIANCE"), '|').into_iter().map(|framework| {
        let (name, requirements) = framework.split_once(": ").unwrap_or((&framework, ""));
        (name.to_owned(), parts(requirements, ','))
    });
    Details {
        status_detail: column("STATUS_EXTENDED"),
        description: column("DESCRIPTION"),
        risk: column("RISK"),
        remediation: Remediation {
            text: column("REMEDIATION_RECOMMENDATION_TEXT"),
            url: column("REMEDIATION_RECOMMENDATION_URL"),
            cli: column("REMEDIATION_CODE_CLI"),
            terraform: column("REMEDIATION_CODE_TERRAFORM"),
            native_iac: column("REMEDIATION_CODE_NATIVEIAC"),
            other: column("REMEDIATION_CODE_OTHER"),
        },
        compliance: compliance.collect(),
        categories: parts(&column("CATEGORIES"), '|'),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]
    use super::*;

    #[test]
    fn an_ocsf_finding_says_what_is_wrong_and_how_it_is_put_right() {
        let text = r#"{"status_detail":"logs is public.","finding_info":{"desc":"Buckets."},"risk_details":"Leaks.",
            "remediation":{"desc":"Block it.","references":["https://hub.prowler.com/x"]},
            "unmapped":{"categories":["internet-exposed"],"compliance":{"CIS-3.0":["2.1.4","2.1.5"]}}}"#;
        let details = details(Form::Ocsf, text);
        assert_eq!(details.status_detail, "logs is public.");
        assert_eq!(details.remediation.url, "https://hub.prowler.com/x");
        assert_eq!(details.compliance["CIS-3.0"], ["2.1.4", "2.1.5"]);
        let texts = details.into_texts();
        assert_eq!((texts.categories.len(), texts.frameworks.len()), (1, 1));
    }

    #[test]
    fn a_row_of_the_csv_says_it_too_and_has_the_code() {
        let text = r#"{"STATUS_EXTENDED":"logs is public.","COMPLIANCE":"CIS-3.0: 2.1.4, 2.1.5 | MITRE-ATTACK: T1530",
            "CATEGORIES":"internet-exposed | logging","REMEDIATION_CODE_CLI":"aws s3api …"}"#;
        let details = details(Form::Csv, text);
        assert_eq!(details.compliance["CIS-3.0"], ["2.1.4", "2.1.5"]);
        assert_eq!(details.compliance["MITRE-ATTACK"], ["T1530"]);
        assert_eq!(details.categories, ["internet-exposed", "logging"]);
        assert_eq!(details.remediation.cli, "aws s3api …");
    }

    #[test]
    fn of_a_text_that_says_something_else_nothing_is_made() {
        for text in ["", "[]", r#"{"remediation":7,"unmapped":{"compliance":[1],"categories":"x"}}"#] {
            assert_eq!(details(Form::Ocsf, text), Details::default(), "{text}");
        }
    }

    #[test]
    fn every_finding_of_a_real_run_says_what_it_is_about() {
        let Some(path) = custody_testkit::data::path("prowler/ocsf.json") else { return };
        let findings: Vec<serde_json::Value> =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(!findings.is_empty());
        for finding in findings {
            let details = details(Form::Ocsf, &finding.to_string());
            assert_eq!(finding["status_detail"], details.status_detail);
            assert_eq!(finding["remediation"]["desc"], details.remediation.text);
            assert_eq!(
                finding["unmapped"]["compliance"].as_object().unwrap().len(),
                details.compliance.len(),
            );
            assert!(!details.description.is_empty() && !details.risk.is_empty());
        }
    }
}
