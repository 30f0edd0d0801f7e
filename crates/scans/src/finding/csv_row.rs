//! A row of Prowler's CSV. It is kept as a JSON object of its columns, in their order.

use chrono::{DateTime, Utc};
use custody_domain::{FindingSeverity, FindingStatus};
use custody_store::findings::{FINDING_BYTES_MAX, Form, NewBase, NewFinding, NewResource};

use super::{Context, Refused, column, evidence, time, words};

/// A row, as pairs of column and value. Columns that Prowler does not have are kept as well.
pub fn from_row(columns: &[String], values: &[&str], context: &Context) -> Result<NewFinding, Refused> {
    if columns.len() != values.len() {
        let detail = format!("has {} values for {} columns", values.len(), columns.len());
        return Err(Refused::new("", detail));
    }
    let text = object(columns, values);
    if text.len() > FINDING_BYTES_MAX {
        return Err(Refused::new("", format!("larger than {FINDING_BYTES_MAX} bytes")));
    }
    let row = Row { columns, values };
    let check_id = column::word(row.required("CHECK_ID")?, "/CHECK_ID")?;
    let account = match row.get("ACCOUNT_UID") {
        Some(account) => column::word(account, "/ACCOUNT_UID")?,
        None => context.account.clone().unwrap_or_default(),
    };
    let provider = row.get("PROVIDER").and_then(column::provider).or_else(|| context.provider.clone());
    let provider = provider.ok_or_else(|| Refused::new("/PROVIDER", "is missing"))?;
    Ok(NewFinding {
        uid: column::uid(row.required("FINDING_UID")?, "/FINDING_UID")?,
        region: column::word(row.get("REGION").unwrap_or_default(), "/REGION")?,
        status: row.status()?,
        severity: row.severity()?,
        evidence: evidence::read(row.get(evidence::COLUMN)),
        seen_at: row.seen_at(context)?,
        resource: row.resource(&account)?,
        base: NewBase {
            form: Form::Csv,
            provider,
            service: column::shown(row.get("SERVICE_NAME").unwrap_or_default()),
            title: column::shown(row.get("CHECK_TITLE").unwrap_or(&check_id)),
            version: row.get("PROWLER_VERSION").unwrap_or_default().to_owned(),
            check_id,
        },
        account,
        text,
    })
}

fn object(columns: &[String], values: &[&str]) -> String {
    let mut text = String::with_capacity(values.iter().map(|value| value.len() + 32).sum());
    for (column, value) in columns.iter().zip(values) {
        text.push(if text.is_empty() { '{' } else { ',' });
        push_json(column, &mut text);
        text.push(':');
        push_json(value, &mut text);
    }
    text.push('}');
    text
}

pub(crate) fn push_json(text: &str, out: &mut String) {
    // A string cannot fail to be written.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

struct Row<'r> {
    columns: &'r [String],
    values: &'r [&'r str],
}

impl<'r> Row<'r> {
    /// None where the column is missing or empty.
    fn get(&self, column: &str) -> Option<&'r str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.values.get(at).copied().filter(|value| !value.is_empty())
    }

    fn required(&self, column: &str) -> Result<&'r str, Refused> {
        self.get(column).ok_or_else(|| Refused::new(format!("/{column}"), "is missing"))
    }

    fn status(&self) -> Result<FindingStatus, Refused> {
        words::status(self.required("STATUS")?)
            .ok_or_else(|| Refused::new("/STATUS", "must be one of PASS, FAIL, MANUAL"))
    }

    fn severity(&self) -> Result<FindingSeverity, Refused> {
        let words_are = "must be one of critical, high, medium, low, informational";
        words::severity(self.required("SEVERITY")?).ok_or_else(|| Refused::new("/SEVERITY", words_are))
    }

    fn seen_at(&self, context: &Context) -> Result<DateTime<Utc>, Refused> {
        let Some(text) = self.get("TIMESTAMP") else { return Ok(context.seen_at) };
        let at = time::of_text(text).or_else(|| time::of_number(text));
        at.filter(|at| time::is_plausible(*at))
            .ok_or_else(|| Refused::new("/TIMESTAMP", "must be a time: 2026-01-31 12:00:00+00:00"))
    }

    fn resource(&self, account: &str) -> Result<NewResource, Refused> {
        let (uid, name) = (self.get("RESOURCE_UID"), self.get("RESOURCE_NAME"));
        let uid = uid.or(name).unwrap_or(account);
        if uid.is_empty() {
            return Err(Refused::new("/RESOURCE_UID", "is missing, and so is the account: what is it of?"));
        }
        Ok(NewResource {
            uid: column::uid(uid, "/RESOURCE_UID")?,
            name: column::shown(name.unwrap_or(uid)),
            kind: column::shown(self.get("RESOURCE_TYPE").unwrap_or_default()),
        })
    }
}
