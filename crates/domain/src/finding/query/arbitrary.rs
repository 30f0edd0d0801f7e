//! Queries and findings for property tests, of one small vocabulary, so that they meet.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

use super::{Clause, Flag, IdField, Query, TextField, TimeField, Word, WordsField, names};
use crate::{
    FindingId, ScanId,
    finding::{Delta, Evidence, Finding, FindingSeverity, FindingStatus, FoundOn, Texts, TriageState},
    query::{Comparison, Instant, Pattern, Wildcard, Words},
};

const TEXTS: &[&str] = &[
    "s3_bucket_public_access",
    "s3",
    "iam",
    "arn:aws:s3:::logs",
    "logs",
    "eu-west-1",
    "111122223333",
    "Public access, for anybody",
    "a*b",
    "",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(TEXTS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let wildcard = vec(prop_oneof![Just(String::new()), text()], 2..4)
        .prop_filter_map("nothing but stars", Wildcard::new);
    prop_oneof![3 => text().prop_map(Pattern::Literal), 1 => wildcard.prop_map(Pattern::Wildcard)]
}

fn words() -> impl Strategy<Value = Words> {
    prop_oneof![
        text().prop_filter_map("no word", |text| Words::phrase(&text)),
        text().prop_filter_map("not one word", |text| Words::prefix(&text)),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More};
    select(&[Equal, Less, AtMost, More, AtLeast][..])
}

/// Within some seconds.
fn at() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4).prop_map(|seconds| DateTime::from_timestamp(1_772_000_000 + seconds, 0).unwrap_or_default())
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        select(FindingStatus::ALL).prop_map(Word::Status),
        select(Evidence::ALL).prop_map(Word::Evidence),
        select(Delta::ALL).prop_map(Word::Delta),
        select(TriageState::ALL).prop_map(Word::Triage),
    ]
}

fn clause() -> impl Strategy<Value = Clause> {
    prop_oneof![
        1 => words().prop_map(Clause::Text),
        1 => (select(WordsField::ALL), words()).prop_map(|(field, words)| Clause::Words { field, words }),
        1 => select(names().collect::<Vec<_>>()).prop_map(Clause::Exists),
        3 => (select(TextField::ALL), pattern()).prop_map(|(field, pattern)| Clause::Is { field, pattern }),
        2 => word().prop_map(Clause::Word),
        1 => (comparison(), select(FindingSeverity::ALL))
            .prop_map(|(comparison, severity)| Clause::Severity { comparison, severity }),
        1 => (select(Flag::ALL), any::<bool>()).prop_map(|(field, value)| Clause::Flag { field, value }),
        1 => (select(IdField::ALL), 0_u128..3)
            .prop_map(|(field, id)| Clause::Id { field, id: Uuid::from_u128(id) }),
        1 => (select(TimeField::ALL), comparison(), at()).prop_map(|(field, comparison, at)| Clause::Time {
            field,
            comparison,
            instant: Instant::from(at),
        }),
    ]
}

/// Any tree, within the bounds of what is parsed.
pub fn query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![1 => Just(Query::All), 12 => clause().prop_map(Query::Clause)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Query::negated),
            vec(inner.clone(), 0..4).prop_map(Query::and),
            vec(inner, 0..4).prop_map(Query::or),
        ]
    })
    .prop_filter("within the bounds", |query| super::parse(&query.render()).is_ok())
}

fn cow() -> impl Strategy<Value = Cow<'static, str>> {
    text().prop_map(Cow::Owned)
}

fn texts() -> impl Strategy<Value = Texts<'static>> {
    (cow(), cow(), cow(), cow(), vec(cow(), 0..3), vec(cow(), 0..3)).prop_map(
        |(status_detail, description, risk, remediation, categories, frameworks)| Texts {
            status_detail,
            description,
            risk,
            remediation,
            categories,
            frameworks,
        },
    )
}

/// Any finding.
pub fn finding() -> impl Strategy<Value = Finding<'static>> {
    let ids = (0_u128..3, 0_u128..3);
    let words = (
        select(FindingStatus::ALL),
        select(FindingSeverity::ALL),
        select(Evidence::ALL),
        select(Delta::ALL),
        select(TriageState::ALL),
    );
    let resource = (cow(), cow(), cow()).prop_map(|(uid, name, kind)| FoundOn { uid, name, kind });
    let place = (cow(), cow(), cow(), cow(), cow(), cow());
    let said = (cow(), cow(), cow(), any::<bool>(), any::<bool>());
    (ids, words, resource, place, said, (at(), at()), texts()).prop_map(
        |((id, scan), words, resource, place, said, (first_seen, last_seen), texts)| {
            let (status, severity, evidence, delta, triage) = words;
            let (uid, provider, check, service, region, account) = place;
            let (title, owner, note, muted, current) = said;
            Finding {
                id: FindingId(Uuid::from_u128(id)),
                scan: ScanId(Uuid::from_u128(scan)),
                uid,
                provider,
                check,
                service,
                region,
                account,
                resource,
                title,
                status,
                severity,
                evidence,
                delta,
                triage,
                owner,
                note,
                muted,
                current,
                first_seen,
                last_seen,
                texts,
            }
        },
    )
}
