//! A small inverted index, to hold the language to what an index can answer: it looks at each entry
//! once, keeps terms, and runs queries on those alone. It must agree with [`Query::matches`].

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    Clause, Comparison, EXACT_BYTES_MAX, Instant, Keyword, Number, NumberField, Path, Pattern, Query,
    TimeField, ValueTest, Words, arbitrary, tokens,
};
use crate::{
    Entry, Outcome, Severity,
    json::{Object, Value},
};

type Documents = BTreeSet<usize>;

#[derive(Default)]
struct Index {
    documents: Documents,
    /// Token → document, text within it, place within that.
    text: BTreeMap<String, BTreeSet<(usize, usize, usize)>>,
    message: BTreeMap<String, BTreeSet<(usize, usize, usize)>>,
    /// Path and text → documents.
    exact: BTreeMap<(String, String), Documents>,
    literals: BTreeMap<(String, &'static str), Documents>,
    numbers: BTreeMap<String, Vec<(Number, bool, usize)>>,
    paths: BTreeMap<String, Documents>,
    columns: Vec<Columns>,
}

struct Columns {
    id: crate::EntryId,
    seq: u64,
    severity: Severity,
    outcome: Outcome,
    received: Instant,
    occurred: Option<Instant>,
}

impl Index {
    fn of(entries: &[Entry<'_>]) -> Self {
        let mut index = Self::default();
        for (document, entry) in entries.iter().enumerate() {
            index.add(document, entry);
        }
        index
    }

    fn add(&mut self, document: usize, entry: &Entry<'_>) {
        let content = entry.content.as_object().unwrap();
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        self.documents.insert(document);
        self.members(document, "", content);
        let mut texts = Vec::new();
        super::values::free_texts(content, &mut |text| texts.push(text));
        for (number, text) in texts.into_iter().enumerate() {
            post(&mut self.text, document, number, text);
        }
        if let Some(message) = text("message") {
            post(&mut self.message, document, 0, message);
        }
        self.columns.push(Columns {
            id: entry.id,
            seq: entry.seq,
            severity: text("severity").map(|s| s.parse().unwrap()).unwrap_or_default(),
            outcome: text("outcome").map(|o| o.parse().unwrap()).unwrap_or_default(),
            received: entry.received_at().into(),
            occurred: text("occurred_at").map(|at| Instant::parse(at).unwrap()),
        });
    }

    fn members(&mut self, document: usize, prefix: &str, object: &Object<'_>) {
        for (key, value) in object.iter() {
            let path = format!("{prefix}{key}");
            self.paths.entry(path.clone()).or_default().insert(document);
            self.value(document, &path, value);
        }
    }

    fn value(&mut self, document: usize, path: &str, value: &Value<'_>) {
        let literal = match value {
            Value::Object(object) => return self.members(document, &format!("{path}."), object),
            Value::Array(items) => {
                return items.iter().for_each(|item| self.value(document, path, item));
            }
            Value::String(text) | Value::Number(text) => {
                let is_text = matches!(value, Value::String(_));
                if text.len() <= EXACT_BYTES_MAX {
                    if is_text {
                        let term = (path.to_owned(), text.to_string());
                        self.exact.entry(term).or_default().insert(document);
                    }
                    if let Some(number) = Number::parse(text) {
                        let numbers = self.numbers.entry(path.to_owned()).or_default();
                        numbers.push((number, is_text, document));
                    }
                }
                return;
            }
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Null => "null",
        };
        self.literals.entry((path.to_owned(), literal)).or_default().insert(document);
    }

    fn run(&self, query: &Query) -> Documents {
        match query {
            Query::All => self.documents.clone(),
            Query::Not(inner) => &self.documents - &self.run(inner),
            Query::And(several) => {
                several.iter().map(|query| self.run(query)).reduce(|one, other| &one & &other).unwrap()
            }
            Query::Or(several) => several.iter().flat_map(|query| self.run(query)).collect(),
            Query::Clause(clause) => self.clause(clause),
        }
    }

    fn clause(&self, clause: &Clause) -> Documents {
        match clause {
            Clause::Text(words) => found(&self.text, words),
            Clause::Message(words) => found(&self.message, words),
            Clause::Exists(Path::Fixed("id" | "seq" | "received_at" | "time")) => self.documents.clone(),
            Clause::Exists(path) => {
                let name = match path {
                    Path::Fixed(name) => (*name).to_owned(),
                    Path::Within(root, path) => format!("{}.{path}", root.name()),
                };
                self.paths.get(&name).cloned().unwrap_or_default()
            }
            Clause::Is { field, pattern } => {
                let names = match field {
                    Keyword::Actor => vec!["actor.id", "actor.name"],
                    Keyword::Resource => vec!["resource.id", "resource.name"],
                    other => vec![other.name()],
                };
                names.into_iter().flat_map(|name| self.texts(name, pattern)).collect()
            }
            Clause::Value { root, path, test } => self.values(&format!("{}.{path}", root.name()), test),
            Clause::Id(id) => self.column(|columns| columns.id == *id),
            Clause::Number { field: NumberField::Seq, comparison, number } => {
                self.column(|columns| comparison.holds(&columns.seq, number))
            }
            Clause::Number { field: NumberField::ProducerSeq, .. } => Documents::new(),
            Clause::Severity { comparison, severity } => {
                self.column(|columns| comparison.holds(&columns.severity, severity))
            }
            Clause::Outcome(outcome) => self.column(|columns| columns.outcome == *outcome),
            Clause::Address { field, network } => self
                .exact
                .iter()
                .filter(|((path, address), _)| {
                    path == field.name() && network.contains(address.parse().unwrap())
                })
                .flat_map(|(_, documents)| documents.iter().copied())
                .collect(),
            Clause::Time { field, comparison, instant } => self.column(|columns| {
                let at = match field {
                    TimeField::Time => Some(columns.occurred.unwrap_or(columns.received)),
                    TimeField::OccurredAt => columns.occurred,
                    TimeField::ReceivedAt => Some(columns.received),
                };
                at.is_some_and(|at| comparison.holds(&at, instant))
            }),
        }
    }

    fn column(&self, test: impl Fn(&Columns) -> bool) -> Documents {
        self.documents.iter().copied().filter(|at| test(&self.columns[*at])).collect()
    }

    fn texts(&self, name: &str, pattern: &Pattern) -> Documents {
        self.exact
            .iter()
            .filter(|((path, text), _)| path == name && pattern.matches(text))
            .flat_map(|(_, documents)| documents.iter().copied())
            .collect()
    }

    fn values(&self, name: &str, test: &ValueTest) -> Documents {
        let (pattern, order) = match test {
            ValueTest::Is(pattern) => (Some(pattern), None),
            ValueTest::Ordered(order, number) => (None, Some((Comparison::from(*order), *number))),
        };
        let mut documents = Documents::new();
        if let Some(pattern) = pattern {
            documents.extend(self.texts(name, pattern));
            if let Pattern::Literal(literal) = pattern {
                let terms = self.literals.iter().filter(|((path, text), _)| path == name && text == literal);
                documents.extend(terms.flat_map(|(_, documents)| documents.iter().copied()));
            }
        }
        let equal = match pattern {
            Some(Pattern::Literal(literal)) => Number::parse(literal),
            _ => None,
        };
        for (number, is_text, document) in self.numbers.get(name).into_iter().flatten() {
            let equals = !is_text && equal == Some(*number);
            if equals || order.is_some_and(|(order, bound)| order.holds(number, &bound)) {
                documents.insert(*document);
            }
        }
        documents
    }
}

fn post(
    postings: &mut BTreeMap<String, BTreeSet<(usize, usize, usize)>>,
    document: usize,
    number: usize,
    text: &str,
) {
    for (place, token) in tokens(text).into_iter().enumerate() {
        postings.entry(token).or_default().insert((document, number, place));
    }
}

fn found(postings: &BTreeMap<String, BTreeSet<(usize, usize, usize)>>, words: &Words) -> Documents {
    match words {
        Words::Prefix(prefix) => postings
            .range(prefix.as_str().to_owned()..)
            .take_while(|(token, _)| token.starts_with(prefix.as_str()))
            .flat_map(|(_, places)| places.iter().map(|(document, _, _)| *document))
            .collect(),
        Words::Phrase(phrase) => {
            let none = BTreeSet::new();
            let of = |token: &String| postings.get(token).unwrap_or(&none);
            let (first, rest) = phrase.tokens().split_first().unwrap();
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
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_inverted_index_answers_the_same(
        entries in prop::collection::vec(arbitrary::entry(), 0..8),
        queries in prop::collection::vec(arbitrary::query(), 8),
    ) {
        let index = Index::of(&entries);
        for query in queries {
            let matching: Documents = (0..entries.len()).filter(|at| query.matches(&entries[*at])).collect();
            prop_assert_eq!(index.run(&query), matching, "{}", query.render());
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
