//! A check of a tenant's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::{Faults, escaped};
use crate::{
    ScansError,
    catalogue::{Catalogue, Check, Remediation},
    nearest::nearest,
};

/// Of one provider, a tenant has at most so many.
pub const OWN_MAX: u64 = 1_000;

/// What its column takes.
const BYTES_MAX: usize = 65_536;
const ID_MAX: usize = 200;
const TITLE_MAX: usize = 1_000;
const WORD_MAX: usize = 100;
const TEXT_MAX: usize = 20_000;
const URL_MAX: usize = 1_000;
const LIST_MAX: usize = 100;

/// Its texts, and the requirements that it stands for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct OwnCheck {
    #[serde(flatten)]
    pub check: Check,
    /// Requirements by framework of the catalogue: `cis_3.0_aws` → `2.1.4`.
    pub compliance: BTreeMap<String, Vec<String>>,
}

/// What is not given stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextChange {
    pub title: Option<String>,
    pub service: Option<String>,
    pub resource_type: Option<String>,
    pub categories: Option<Vec<String>>,
    pub types: Option<Vec<String>>,
    pub description: Option<String>,
    pub risk: Option<String>,
    pub urls: Option<Vec<String>>,
    pub notes: Option<String>,
    pub remediation: Option<Remediation>,
    pub compliance: Option<BTreeMap<String, Vec<String>>>,
}

impl TextChange {
    /// The first that is given.
    pub(super) fn first(&self) -> Option<&'static str> {
        let given = [
            ("/title", self.title.is_some()),
            ("/service", self.service.is_some()),
            ("/resource_type", self.resource_type.is_some()),
            ("/categories", self.categories.is_some()),
            ("/types", self.types.is_some()),
            ("/description", self.description.is_some()),
            ("/risk", self.risk.is_some()),
            ("/urls", self.urls.is_some()),
            ("/notes", self.notes.is_some()),
            ("/remediation", self.remediation.is_some()),
            ("/compliance", self.compliance.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(pointer, _)| pointer)
    }

    pub(super) fn apply(self, own: &mut OwnCheck) {
        fn set<T>(to: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *to = given;
            }
        }
        let check = &mut own.check;
        set(&mut check.title, self.title);
        set(&mut check.service, self.service);
        set(&mut check.resource_type, self.resource_type);
        set(&mut check.categories, self.categories);
        set(&mut check.types, self.types);
        set(&mut check.description, self.description);
        set(&mut check.risk, self.risk);
        set(&mut check.urls, self.urls);
        set(&mut check.notes, self.notes);
        set(&mut check.remediation, self.remediation);
        set(&mut own.compliance, self.compliance);
    }
}

impl OwnCheck {
    /// As it is kept, where nothing is wrong with it; all that is wrong is told at once.
    pub(super) fn kept(&self, catalogue: &Catalogue) -> Result<Value, ScansError> {
        let mut faults = Faults::default();
        let Check { remediation, .. } = &self.check;
        let check = &self.check;
        if !is_id(&check.id) {
            faults.add(
                "/id",
                format!(
                    "must be 1 to {ID_MAX} letters (a-z), digits, `_`, `.` and `-`, a letter or digit first"
                ),
            );
        }
        faults.text("/title", &check.title, 1, TITLE_MAX);
        faults.text("/service", &check.service, 0, WORD_MAX);
        faults.text("/resource_type", &check.resource_type, 0, WORD_MAX);
        faults.texts("/categories", &check.categories, LIST_MAX, WORD_MAX);
        faults.texts("/types", &check.types, LIST_MAX, TITLE_MAX);
        faults.texts("/urls", &check.urls, LIST_MAX, URL_MAX);
        for (pointer, text) in [
            ("/description", &check.description),
            ("/risk", &check.risk),
            ("/notes", &check.notes),
            ("/remediation/text", &remediation.text),
            ("/remediation/cli", &remediation.cli),
            ("/remediation/native_iac", &remediation.native_iac),
            ("/remediation/terraform", &remediation.terraform),
            ("/remediation/other", &remediation.other),
        ] {
            faults.text(pointer, text, 0, TEXT_MAX);
        }
        faults.text("/remediation/url", &remediation.url, 0, URL_MAX);
        self.requirements(catalogue, &mut faults);
        let kept = serde_json::to_value(self)?;
        if kept.to_string().len() > BYTES_MAX {
            faults.add("", format!("must have at most {BYTES_MAX} bytes altogether"));
        }
        faults.none()?;
        Ok(kept)
    }

    /// Each must be one of the catalogue's.
    fn requirements(&self, catalogue: &Catalogue, faults: &mut Faults) {
        if self.compliance.len() > LIST_MAX {
            faults.add("/compliance", format!("must be at most {LIST_MAX}"));
        }
        for (framework, ids) in self.compliance.iter().take(LIST_MAX) {
            let pointer = format!("/compliance/{}", escaped(framework));
            let Some(known) = catalogue.framework(framework) else {
                let near = nearest(framework, catalogue.frameworks.iter().map(|one| one.id.as_str()));
                faults.add(&pointer, no_such("framework", &near));
                continue;
            };
            if ids.len() > LIST_MAX {
                faults.add(&pointer, format!("must be at most {LIST_MAX}"));
            }
            for (at, id) in ids.iter().enumerate().take(LIST_MAX) {
                if !known.requirements.iter().any(|one| one.id == *id) {
                    let near = nearest(id, known.requirements.iter().map(|one| one.id.as_str()));
                    faults.add(&format!("{pointer}/{at}"), no_such("requirement", &near));
                }
            }
        }
    }
}

fn no_such(kind: &str, nearest: &[&str]) -> String {
    match nearest {
        [] => format!("no such {kind}"),
        nearest => format!("no such {kind}; the nearest are {}", nearest.join(", ")),
    }
}

/// Whether it can be the id of one, as the table wants them.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= ID_MAX
        && text.chars().all(|c| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '.' | '-'))
}
