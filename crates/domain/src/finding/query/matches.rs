//! Whether a finding is what a query asks for: the meaning that every reader of findings has to reproduce.

use std::{borrow::Cow, cell::OnceCell};

use super::{Clause, Flag, IdField, Query, TextField, TimeField, Word, WordsField};
use crate::{
    finding::Finding,
    query::{self as language, Instant, fold},
};

impl language::Query<Clause> {
    /// Whether it matches; docs/query.md says it in words.
    pub fn matches(&self, finding: &Finding<'_>) -> bool {
        let subject = Subject { finding, texts: OnceCell::new() };
        self.holds(&|clause| clause.holds(&subject))
    }
}

/// Whether a query looks at anything of [`crate::finding::Texts`].
pub fn asks_for_texts(query: &Query) -> bool {
    any_clause(query, &Clause::looks_at_texts)
}

/// Whether a query looks at a finding's owner or note.
pub fn asks_for_said(query: &Query) -> bool {
    any_clause(query, &|clause| match clause {
        Clause::Is { field, .. } => *field == TextField::Owner,
        Clause::Words { field, .. } => *field == WordsField::Note,
        Clause::Exists(name) => [TextField::Owner.name(), WordsField::Note.name()].contains(name),
        _ => false,
    })
}

fn any_clause(query: &Query, test: &impl Fn(&Clause) -> bool) -> bool {
    match query {
        Query::All => false,
        Query::Not(inner) => any_clause(inner, test),
        Query::And(several) | Query::Or(several) => several.iter().any(|query| any_clause(query, test)),
        Query::Clause(clause) => test(clause),
    }
}

/// A finding, with its free text folded once.
struct Subject<'f> {
    finding: &'f Finding<'f>,
    texts: OnceCell<Vec<Cow<'f, str>>>,
}

impl<'f> Subject<'f> {
    fn texts(&self) -> &[Cow<'f, str>] {
        self.texts.get_or_init(|| {
            let Finding { title, resource, texts, .. } = self.finding;
            let all = [
                title,
                &texts.status_detail,
                &resource.uid,
                &resource.name,
                &texts.description,
                &texts.risk,
                &texts.remediation,
            ];
            all.into_iter().map(|text| fold(text)).collect()
        })
    }

    fn exists(&self, name: &str) -> bool {
        if let Some(field) = TextField::of(name) {
            return self.any_of(field, &|text| !text.is_empty());
        }
        // Of the others each finding has one.
        WordsField::of(name).is_none_or(|field| !self.finding.words_of(field).is_empty())
    }

    fn any_of(&self, field: TextField, test: &dyn Fn(&str) -> bool) -> bool {
        let finding = self.finding;
        let one = match field {
            TextField::Resource => return test(&finding.resource.uid) || test(&finding.resource.name),
            TextField::Category => return finding.texts.categories.iter().any(|text| test(text)),
            TextField::Framework => return finding.texts.frameworks.iter().any(|text| test(text)),
            TextField::Uid => &finding.uid,
            TextField::Provider => &finding.provider,
            TextField::Check => &finding.check,
            TextField::Service => &finding.service,
            TextField::Region => &finding.region,
            TextField::Account => &finding.account,
            TextField::ResourceUid => &finding.resource.uid,
            TextField::ResourceName => &finding.resource.name,
            TextField::ResourceType => &finding.resource.kind,
            TextField::Owner => &finding.owner,
        };
        test(one)
    }
}

impl Finding<'_> {
    fn words_of(&self, field: WordsField) -> &str {
        match field {
            WordsField::Title => &self.title,
            WordsField::StatusDetail => &self.texts.status_detail,
            WordsField::Description => &self.texts.description,
            WordsField::Risk => &self.texts.risk,
            WordsField::Remediation => &self.texts.remediation,
            WordsField::Note => &self.note,
        }
    }
}

impl Clause {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        let finding = subject.finding;
        match self {
            Self::Text(words) => subject.texts().iter().any(|text| words.found_in(text)),
            Self::Words { field, words } => words.found_in(&fold(finding.words_of(*field))),
            Self::Exists(name) => subject.exists(name),
            Self::Is { field, pattern } => subject.any_of(*field, &|text| pattern.matches(text)),
            Self::Word(Word::Status(status)) => finding.status == *status,
            Self::Word(Word::Evidence(evidence)) => finding.evidence == *evidence,
            Self::Word(Word::Delta(delta)) => finding.delta == *delta,
            Self::Word(Word::Triage(state)) => finding.triage == *state,
            Self::Severity { comparison, severity } => comparison.holds(&finding.severity, severity),
            Self::Flag { field: Flag::Muted, value } => finding.muted == *value,
            Self::Flag { field: Flag::Current, value } => finding.current == *value,
            Self::Id { field: IdField::Id, id } => finding.id.0 == *id,
            Self::Id { field: IdField::Scan, id } => finding.scan.0 == *id,
            Self::Time { field, comparison, instant } => {
                let at = match field {
                    TimeField::FirstSeen => finding.first_seen,
                    TimeField::LastSeen => finding.last_seen,
                };
                comparison.holds(&Instant::from(at), instant)
            }
        }
    }

    fn looks_at_texts(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Words { field, .. } => !matches!(field, WordsField::Title | WordsField::Note),
            Self::Is { field, .. } => matches!(field, TextField::Category | TextField::Framework),
            Self::Exists(name) => {
                matches!(TextField::of(name), Some(TextField::Category | TextField::Framework))
                    || WordsField::of(name)
                        .is_some_and(|f| !matches!(f, WordsField::Title | WordsField::Note))
            }
            _ => false,
        }
    }
}
