//! An index in memory of the inverted form. It must agree with [`Query::matches`].

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    Instant, TimeField, arbitrary,
    terms::{self, Kept, Leaf, Plan, TextField},
};
use crate::{Entry, EntryId, Outcome, Severity, json::Value};

type Documents = BTreeSet<usize>;
/// Token → document, text within it, place within that.
type Postings = BTreeMap<String, BTreeSet<(usize, usize, usize)>>;

#[derive(Default)]
struct Index {
    terms: BTreeMap<String, Documents>,
    any: Postings,
    message: Postings,
    columns: Vec<Columns>,
}

struct Columns {
    id: EntryId,
    seq: u64,
    severity: Severity,
    outcome: Outcome,
    received: Instant,
    occurred: Option<Instant>,
}

impl Index {
    fn of(entries: &[Entry<'_>]) -> Self {
        let mut index = Self::default();
        let mut kept = Kept::default();
        for (document, entry) in entries.iter().enumerate() {
            let mut number = 0;
            terms::of(entry, &mut kept, &mut |text| {
                let postings = match text.field {
                    TextField::Any => &mut index.any,
                    TextField::Message => &mut index.message,
                };
                for (place, token) in text.tokens().enumerate() {
                    postings.entry(token.to_owned()).or_default().insert((document, number, place));
                }
                number += 1;
            });
            for term in kept.terms() {
                index.terms.entry(term.to_owned()).or_default().insert(document);
            }
            index.columns.push(Columns::of(entry));
        }
        index
    }

    fn run(&self, plan: &Plan) -> Documents {
        match plan {
            Plan::All => self.column(|_| true),
            Plan::Not(inner) => &self.column(|_| true) - &self.run(inner),
            Plan::And(several) => {
                several.iter().map(|plan| self.run(plan)).reduce(|one, other| &one & &other).unwrap()
            }
            Plan::Or(several) => several.iter().flat_map(|plan| self.run(plan)).collect(),
            Plan::Leaf(leaf) => self.leaf(leaf),
        }
    }

    fn leaf(&self, leaf: &Leaf) -> Documents {
        match leaf {
            Leaf::Term(term) => self.terms.get(term).cloned().unwrap_or_default(),
            Leaf::Range(range) => self.terms_where(|term| range.contains(term)),
            Leaf::Pattern { prefix, pattern } => {
                self.terms_where(|term| term.strip_prefix(prefix).is_some_and(|rest| pattern.matches(rest)))
            }
            Leaf::Phrase { field, tokens } => found(self.postings(*field), tokens),
            Leaf::TokenPrefix { field, prefix } => self
                .postings(*field)
                .range(prefix.clone()..)
                .take_while(|(token, _)| token.starts_with(prefix))
                .flat_map(|(_, places)| places.iter().map(|(document, _, _)| *document))
                .collect(),
            Leaf::Id(id) => self.column(|columns| columns.id == *id),
            Leaf::Seq { comparison, number } => self.column(|columns| comparison.holds(&columns.seq, number)),
            Leaf::Severity { comparison, severity } => {
                self.column(|columns| comparison.holds(&columns.severity, severity))
            }
            Leaf::Outcome(outcome) => self.column(|columns| columns.outcome == *outcome),
            Leaf::Time { field, comparison, instant } => self.column(|columns| {
                let at = match field {
                    TimeField::Time => Some(columns.occurred.unwrap_or(columns.received)),
                    TimeField::OccurredAt => columns.occurred,
                    TimeField::ReceivedAt => Some(columns.received),
                };
                at.is_some_and(|at| comparison.holds(&at, instant))
            }),
        }
    }

    fn postings(&self, field: TextField) -> &Postings {
        match field {
            TextField::Any => &self.any,
            TextField::Message => &self.message,
        }
    }

    fn terms_where(&self, test: impl Fn(&str) -> bool) -> Documents {
        let terms = self.terms.iter().filter(|(term, _)| test(term));
        terms.flat_map(|(_, documents)| documents.iter().copied()).collect()
    }

    fn column(&self, test: impl Fn(&Columns) -> bool) -> Documents {
        (0..self.columns.len()).filter(|at| test(&self.columns[*at])).collect()
    }
}

impl Columns {
    fn of(entry: &Entry<'_>) -> Self {
        let content = entry.content.as_object().unwrap();
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        Self {
            id: entry.id,
            seq: entry.seq,
            severity: text("severity").map(|s| s.parse().unwrap()).unwrap_or_default(),
            outcome: text("outcome").map(|o| o.parse().unwrap()).unwrap_or_default(),
            received: entry.received_at().into(),
            occurred: text("occurred_at").map(|at| Instant::parse(at).unwrap()),
        }
    }
}

fn found(postings: &Postings, tokens: &[String]) -> Documents {
    let none = BTreeSet::new();
    let of = |token: &String| postings.get(token).unwrap_or(&none);
    let (first, rest) = tokens.split_first().unwrap();
    of(first)
        .iter()
        .filter(|(document, number, place)| {
            rest.iter()
                .zip(place + 1..)
                .all(|(token, place)| of(token).contains(&(*document, *number, place)))
        })
        .map(|(document, _, _)| *document)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_inverted_index_answers_the_same(
        entries in prop::collection::vec(arbitrary::entry(), 0..8),
        queries in prop::collection::vec(arbitrary::query(), 8),
    ) {
        let index = Index::of(&entries);
        for query in queries {
            let matching: Documents = (0..entries.len()).filter(|at| query.matches(&entries[*at])).collect();
            prop_assert_eq!(index.run(&Plan::of(&query)), matching, "{}", query.render());
        }
    }
}

#[test]
fn the_vocabulary_of_the_property_tests_meets() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut hits = 0;
    for _ in 0..1_000 {
        let query = arbitrary::query().new_tree(&mut runner).unwrap().current();
        let entry = arbitrary::entry().new_tree(&mut runner).unwrap().current();
        hits += usize::from(query.matches(&entry));
    }
    assert!((150..850).contains(&hits), "{hits} of 1,000 match");
}
