//! OCSF's Detection Finding (class 2004), as Prowler writes it, and what other products write in its place.
//! <https://schema.ocsf.io/1.5.0/classes/detection_finding>

use chrono::{DateTime, Utc};
use custody_domain::{
    Evidence, FindingSeverity, FindingStatus,
    json::{Limits, Value, parse},
};
use custody_store::findings::{FINDING_BYTES_MAX, Form, NewBase, NewFinding, NewResource};

use super::{Context, Refused, column, evidence, minify::minified, time, words};

/// A finding's JSON, with or without white space, and what it rests on. What is kept of it is its text, to the
/// letter but for the white space.
pub fn from_ocsf(text: &[u8], evidence: Evidence, context: &Context) -> Result<NewFinding, Refused> {
    let value = parse(text, &Limits { bytes: FINDING_BYTES_MAX, ..Limits::default() })?;
    let text = std::str::from_utf8(text).map_err(|_| Refused::new("", "not UTF-8"))?;
    let finding = from_ocsf_value(&value, minified(text.trim_ascii()), context)?;
    Ok(NewFinding { evidence, ..finding })
}

/// As [`from_ocsf`], where it was read already, of a file: what it rests on is what the file says. `text` is its
/// JSON without white space.
pub fn from_ocsf_value(value: &Value<'_>, text: String, context: &Context) -> Result<NewFinding, Refused> {
    let finding = Ocsf(value);
    if value.as_object().is_none() {
        return Err(Refused::new("", format!("must be an object, not {}", value.kind())));
    }
    finding.is_a_finding()?;
    let (uid, pointer) = finding
        .first(&["/finding_info/uid", "/finding/uid", "/metadata/uid"])?
        .ok_or_else(|| Refused::new("/finding_info/uid", "is missing: a finding needs a uid"))?;
    let uid = column::uid(uid, pointer)?;
    let (check, pointer) = finding
        .first(&[
            "/metadata/event_code",
            "/finding_info/analytic/uid",
            "/finding_info/analytic/name",
            "/compliance/control",
        ])?
        .ok_or_else(|| Refused::new("/metadata/event_code", "is missing: which check found it?"))?;
    let check_id = column::word(check, pointer)?;
    let account = finding.account(context)?;
    let provider = finding.provider(context)?;
    let resource = finding.resource(&account)?;
    Ok(NewFinding {
        base: NewBase {
            form: Form::Ocsf,
            service: finding.service(&check_id)?,
            title: finding.title(&check_id)?,
            version: finding.version()?,
            provider,
            check_id,
        },
        region: finding.region()?,
        status: finding.status()?,
        severity: finding.severity()?,
        seen_at: finding.seen_at(context)?,
        resource,
        account,
        uid,
        evidence: evidence::of_ocsf(value),
        text,
    })
}

struct Ocsf<'v, 'a>(&'v Value<'a>);

impl<'v> Ocsf<'v, '_> {
    /// The text there; none where there is none or it is empty or null.
    fn text(&self, pointer: &str) -> Result<Option<&'v str>, Refused> {
        match self.0.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_ref()).filter(|text| !text.is_empty())),
            Some(other) => Err(Refused::new(pointer, format!("must be a string, not {}", other.kind()))),
        }
    }

    /// The first of them that is there, and where.
    fn first<'p>(&self, pointers: &[&'p str]) -> Result<Option<(&'v str, &'p str)>, Refused> {
        for pointer in pointers {
            if let Some(text) = self.text(pointer)? {
                return Ok(Some((text, *pointer)));
            }
        }
        Ok(None)
    }

    fn number(&self, pointer: &str) -> Option<&'v str> {
        match self.0.pointer(pointer)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Classes of another category (logs of activity, inventories) are no findings.
    fn is_a_finding(&self) -> Result<(), Refused> {
        match self.number("/class_uid") {
            Some(class) if class.len() == 4 && class.starts_with('2') => Ok(()),
            None if self.0.pointer("/class_uid").is_none() => Ok(()),
            _ => Err(Refused::new("/class_uid", "must be a class of findings: 2001 to 2999")),
        }
    }

    fn account(&self, context: &Context) -> Result<String, Refused> {
        match self.first(&["/cloud/account/uid", "/unmapped/provider_uid", "/cloud/account/name"])? {
            Some((account, pointer)) => column::word(account, pointer),
            None => Ok(context.account.clone().unwrap_or_default()),
        }
    }

    fn provider(&self, context: &Context) -> Result<String, Refused> {
        let provider = self.first(&["/unmapped/provider", "/cloud/provider"])?;
        let provider = provider.and_then(|(provider, _)| column::provider(provider));
        provider
            .or_else(|| context.provider.clone())
            .ok_or_else(|| Refused::new("/cloud/provider", "is missing: of which provider is the account?"))
    }

    /// The first; a finding without one is of the account itself.
    fn resource(&self, account: &str) -> Result<NewResource, Refused> {
        let (uid, name) = (self.text("/resources/0/uid")?, self.text("/resources/0/name")?);
        let kind = self.text("/resources/0/type")?;
        match uid.or(name) {
            Some(text) => Ok(NewResource {
                uid: column::uid(text, "/resources/0/uid")?,
                name: column::shown(name.unwrap_or(text)),
                kind: column::shown(kind.unwrap_or_default()),
            }),
            None if account.is_empty() => {
                Err(Refused::new("/resources", "is missing, and so is the account: what is it of?"))
            }
            None => Ok(NewResource {
                uid: account.to_owned(),
                name: account.to_owned(),
                kind: column::shown(kind.unwrap_or("Account")),
            }),
        }
    }

    /// Of Kubernetes the namespace, in Prowler's own words for it.
    fn region(&self) -> Result<String, Refused> {
        if let Some((region, pointer)) = self.first(&["/resources/0/region", "/cloud/region"])? {
            return column::word(region, pointer);
        }
        match self.text("/resources/0/namespace")? {
            Some(namespace) => column::word(&format!("namespace: {namespace}"), "/resources/0/namespace"),
            None => Ok(String::new()),
        }
    }

    /// Where nothing says it, what the check's name begins with.
    fn service(&self, check: &str) -> Result<String, Refused> {
        let said = self.first(&["/resources/0/group/name", "/finding_info/analytic/category"])?;
        Ok(match said {
            Some((service, _)) => column::shown(service),
            None => check.split('_').next().unwrap_or_default().to_owned(),
        })
    }

    fn title(&self, check: &str) -> Result<String, Refused> {
        let said = self.first(&["/finding_info/title", "/finding/title", "/message"])?;
        Ok(column::shown(said.map_or(check, |(title, _)| title)))
    }

    fn version(&self) -> Result<String, Refused> {
        let name = self.text("/metadata/product/name")?.unwrap_or_default();
        let version = self.text("/metadata/product/version")?.unwrap_or_default();
        Ok(format!("{name} {version}"))
    }

    /// A detection that says nothing of a status is a failure: it was written because something was found.
    fn status(&self) -> Result<FindingStatus, Refused> {
        for pointer in ["/status_code", "/compliance/status"] {
            if let Some(text) = self.text(pointer)? {
                return words::status(text)
                    .ok_or_else(|| Refused::new(pointer, "must be one of PASS, FAIL, MANUAL"));
            }
        }
        Ok(match self.number("/compliance/status_id") {
            Some("1") => FindingStatus::Pass,
            Some("0" | "2") => FindingStatus::Manual,
            _ => FindingStatus::Fail,
        })
    }

    fn severity(&self) -> Result<FindingSeverity, Refused> {
        if let Some(severity) = self.number("/severity_id").and_then(words::severity_id) {
            return Ok(severity);
        }
        Ok(self.text("/severity")?.and_then(words::severity).unwrap_or(FindingSeverity::Informational))
    }

    fn seen_at(&self, context: &Context) -> Result<DateTime<Utc>, Refused> {
        for pointer in ["/time_dt", "/finding_info/created_time_dt"] {
            if let Some(text) = self.text(pointer)? {
                return time::of_text(text)
                    .filter(|at| time::is_plausible(*at))
                    .ok_or_else(|| Refused::new(pointer, "must be a time as RFC 3339 writes it"));
            }
        }
        let number = ["/time", "/finding_info/created_time"].into_iter().find_map(|p| self.number(p));
        let at = number.and_then(time::of_number).filter(|at| time::is_plausible(*at));
        Ok(at.unwrap_or(context.seen_at))
    }
}
