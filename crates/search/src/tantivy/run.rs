//! Runs a plan on a part: for each leaf the set of its documents, for the rest sets of sets.
//!
//! Every step is told within which documents its answer counts, and answers no others.

mod phrase;
mod work;

use custody_domain::query::{
    Comparison, Instant, TimeField,
    terms::{Leaf, Plan, TermRange, TextField},
};
use tantivy::{InvertedIndexReader, postings::TermInfo, schema::IndexRecordOption};

pub(super) use self::work::{Exhausted, Work};
use super::{bits::Bits, part::Part};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The documents of `within` that the plan matches.
pub(super) fn run(part: &Part, plan: &Plan, within: &Bits, work: &Work) -> Result<Bits, RunError> {
    Ok(match plan {
        Plan::All => within.clone(),
        Plan::Not(inner) => {
            let mut left = within.clone();
            left.without(&run(part, inner, within, work)?);
            left
        }
        Plan::And(several) => {
            // What costs little first: it leaves less to the rest.
            let mut several: Vec<_> = several.iter().collect();
            several.sort_by_key(|plan| cost(plan));
            let mut left = within.clone();
            for plan in several {
                if left.is_empty() {
                    break;
                }
                left = run(part, plan, &left, work)?;
            }
            left
        }
        Plan::Or(several) => {
            let mut any = Bits::none(part.count());
            for plan in several {
                any.or(&run(part, plan, within, work)?);
            }
            any
        }
        Plan::Leaf(leaf) => self::leaf(part, leaf, within, work)?,
    })
}

/// A rank, not a measure.
fn cost(plan: &Plan) -> u8 {
    match plan {
        Plan::All | Plan::Leaf(Leaf::Id(_) | Leaf::Seq { .. }) => 0,
        Plan::Leaf(Leaf::Term(_)) => 1,
        Plan::Leaf(Leaf::Phrase { tokens, .. }) if tokens.len() == 1 => 1,
        Plan::Leaf(Leaf::Range(_) | Leaf::Phrase { .. }) => 2,
        Plan::Leaf(Leaf::Severity { .. } | Leaf::Outcome(_) | Leaf::Time { .. }) => 3,
        Plan::Leaf(Leaf::TokenPrefix { .. }) => 4,
        Plan::Leaf(Leaf::Pattern { .. }) => 5,
        Plan::Not(inner) => cost(inner),
        Plan::And(several) | Plan::Or(several) => several.iter().map(cost).max().unwrap_or(0),
    }
}

fn leaf(part: &Part, leaf: &Leaf, within: &Bits, work: &Work) -> Result<Bits, RunError> {
    let mut found = Bits::none(part.count());
    match leaf {
        Leaf::Term(term) => {
            if let Some(info) = part.terms.terms().get(term)? {
                documents(&part.terms, &info, &mut found, work)?;
            }
        }
        Leaf::Range(range) => terms_in(part, range, &mut found, work)?,
        Leaf::Pattern { prefix, pattern } => {
            // The pattern's own beginning narrows the terms down.
            let beginning = pattern.pieces().first().map_or("", String::as_str);
            each_with_prefix(&part.terms, &format!("{prefix}{beginning}"), work, |term, info| {
                let rest = term.get(prefix.len()..).and_then(|rest| std::str::from_utf8(rest).ok());
                if rest.is_some_and(|rest| pattern.matches(rest)) {
                    documents(&part.terms, info, &mut found, work)?;
                }
                Ok(())
            })?;
        }
        Leaf::TokenPrefix { field, prefix } => {
            let index = part.text(*field);
            each_with_prefix(index, prefix, work, |_, info| documents(index, info, &mut found, work))?;
        }
        Leaf::Phrase { field, tokens } => return words(part, *field, tokens, within, work),
        Leaf::Id(id) => {
            let document = part.first_from(*id);
            if document < part.count() && part.id(document) == *id {
                found.insert(document);
            }
        }
        Leaf::Seq { comparison, number } => {
            return kept(within, work, |document| comparison.holds(&part.seq(document), number));
        }
        Leaf::Severity { comparison, severity } => {
            let wanted = u64::from(severity.rank().unsigned_abs());
            return kept(within, work, |document| {
                comparison.holds(&part.severity.get_val(document), &wanted)
            });
        }
        Leaf::Outcome(outcome) => {
            let wanted = u64::from(outcome.code().unsigned_abs());
            return kept(within, work, |document| part.outcome.get_val(document) == wanted);
        }
        Leaf::Time { field, comparison, instant } => {
            return times(part, *field, *comparison, *instant, within, work);
        }
    }
    found.and(within);
    Ok(found)
}

fn kept(within: &Bits, work: &Work, test: impl FnMut(u32) -> bool) -> Result<Bits, RunError> {
    work.take(within.count())?;
    let mut left = within.clone();
    left.retain(test);
    Ok(left)
}

fn times(
    part: &Part,
    field: TimeField,
    comparison: Comparison,
    instant: Instant,
    within: &Bits,
    work: &Work,
) -> Result<Bits, RunError> {
    let wanted = instant.microseconds();
    match field {
        TimeField::ReceivedAt => {
            kept(within, work, |document| comparison.holds(&part.received(document), &wanted))
        }
        TimeField::Time => {
            let (least, most) = part.times();
            match comparison {
                Comparison::AtLeast if least >= wanted => return Ok(within.clone()),
                Comparison::Less if most < wanted => return Ok(within.clone()),
                Comparison::AtLeast if most < wanted => return Ok(Bits::none(part.count())),
                Comparison::Less if least >= wanted => return Ok(Bits::none(part.count())),
                _ => {}
            }
            kept(within, work, |document| comparison.holds(&part.time.get_val(document), &wanted))
        }
        TimeField::OccurredAt => {
            // The column holds the time of receipt where this one is absent.
            let known = Plan::of(&custody_domain::query::Query::Clause(
                custody_domain::query::Clause::Exists(custody_domain::query::Path::Fixed("occurred_at")),
            ));
            let known = run(part, &known, within, work)?;
            kept(&known, work, |document| comparison.holds(&part.time.get_val(document), &wanted))
        }
    }
}

fn words(
    part: &Part,
    field: TextField,
    tokens: &[String],
    within: &Bits,
    work: &Work,
) -> Result<Bits, RunError> {
    let index = part.text(field);
    let mut infos = Vec::with_capacity(tokens.len());
    for token in tokens {
        match index.terms().get(token)? {
            Some(info) => infos.push(info),
            None => return Ok(Bits::none(part.count())),
        }
    }
    let mut found = within.clone();
    for info in &infos {
        let mut one = Bits::none(part.count());
        documents(index, info, &mut one, work)?;
        found.and(&one);
    }
    if infos.len() > 1 && !found.is_empty() {
        phrase::keep(index, &infos, &mut found, work)?;
    }
    Ok(found)
}

/// Adds the documents of a term.
fn documents(
    index: &InvertedIndexReader,
    info: &TermInfo,
    found: &mut Bits,
    work: &Work,
) -> Result<(), RunError> {
    work.take(u64::from(info.doc_freq) / 8 + 1)?;
    let mut blocks = index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
    while !blocks.docs().is_empty() {
        blocks.docs().iter().for_each(|document| found.insert(*document));
        blocks.advance();
    }
    Ok(())
}

fn terms_in(part: &Part, range: &TermRange, found: &mut Bits, work: &Work) -> Result<(), RunError> {
    let mut terms = part.terms.terms().range().ge(&range.first).le(&range.last).into_stream()?;
    while terms.advance() {
        work.take(1)?;
        documents(&part.terms, terms.value(), found, work)?;
    }
    Ok(())
}

fn each_with_prefix(
    index: &InvertedIndexReader,
    prefix: &str,
    work: &Work,
    mut each: impl FnMut(&[u8], &TermInfo) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut terms = index.terms().range().ge(prefix).into_stream()?;
    while terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
        work.take(1)?;
        each(terms.key(), terms.value())?;
    }
    Ok(())
}
