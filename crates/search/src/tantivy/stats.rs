//! Counts over parts, and what is in none.

use std::collections::BTreeMap;

use custody_auth::Scope;
use custody_domain::{Outcome, Severity, query::terms::Plan};
use tantivy::columnar::StrColumn;

use super::{
    IndexError,
    bits::Bits,
    find::{Find, documents_of},
    index::Inner,
    page,
    part::Part,
    run::Work,
    schema::column,
    shelf::{Shelf, blocking},
};
use crate::{
    Asked, SearchError, Sort,
    stats::{GroupBy, HistogramTime, Interval, Stats, StatsRequest, Tally},
};

pub(super) async fn stats(
    inner: &Inner,
    shelf: &Shelf,
    scope: &Scope,
    request: StatsRequest,
) -> Result<Stats, SearchError> {
    let asked = Asked::new(scope, request.query.clone());
    shelf.ask();
    let _turn = inner.turns.take(scope.tenant(), &inner.turn_limits).await?;
    let head = inner.log.head(scope).await?;
    let view = shelf.cover(head, inner.limits.cover_max).await?;
    if !view.covers(head.size) {
        return Err(SearchError::Indexing { done: view.next.unwrap_or(0), of: head.size });
    }
    let find = page::find(inner, &asked, (&view, head), Sort::ReceivedDescending, None);
    let tally = if asked.reads_to_filter() {
        page::reader(inner, scope, &asked).tally(&find, &request).await?
    } else {
        let request = request.clone();
        blocking(move || tally(&find, &request)).await?
    };
    let told = (!asked.is_restricted()).then_some(head.size);
    Ok(tally.finish(&request, told))
}

fn tally(find: &Find, request: &StatsRequest) -> Result<Tally, IndexError> {
    let work = Work::within(find.time_max);
    let mut tally = Tally::default();
    for entry in find.view.tail.iter().flat_map(|entries| entries.iter()) {
        if find.matches(entry)? {
            tally.add(&entry.view()?, request)?;
        }
        work.look().map_err(|_| IndexError::TooMuch)?;
    }
    for slot in &find.view.slots {
        let part = slot.part()?;
        let within = documents_of(find.window, &part);
        if within.is_empty() {
            continue;
        }
        let counted = if find.plan == Plan::All && within.count() == u64::from(part.count()) {
            roll_up(&part, request, &mut tally)
        } else {
            count(&part, &find.documents(&part, find.window, &work)?, request, &mut tally)
        };
        counted?;
    }
    Ok(tally)
}

/// What a part's counts are as a whole. Made once; it never changes.
#[derive(Debug, Default)]
pub(super) struct RollUp {
    groups: BTreeMap<GroupBy, Vec<(String, u64)>>,
    received: BTreeMap<i64, u64>,
    occurred: BTreeMap<i64, u64>,
}

fn roll_up(part: &Part, request: &StatsRequest, tally: &mut Tally) -> Result<(), IndexError> {
    if part.roll_up.get().is_none() {
        // Where another made it meanwhile, it is the same.
        let _ = part.roll_up.set(whole(part)?);
    }
    let Some(roll_up) = part.roll_up.get() else { return Err(IndexError::Panicked) };
    tally.count += u64::from(part.count());
    for by in &request.by {
        for (value, count) in roll_up.groups.get(by).into_iter().flatten() {
            tally.add_value(*by, value, *count)?;
        }
    }
    if let Some(histogram) = request.histogram {
        let hours = match histogram.time {
            HistogramTime::Received => &roll_up.received,
            HistogramTime::Occurred => &roll_up.occurred,
        };
        for (hour, count) in hours {
            tally.add_time(histogram.interval.start_of(*hour), *count)?;
        }
    }
    Ok(())
}

fn whole(part: &Part) -> Result<RollUp, IndexError> {
    let everything = Bits::range(part.count(), 0, part.count());
    let mut roll_up = RollUp::default();
    for by in GroupBy::ALL {
        let mut values = Vec::new();
        each_value(part, &everything, by, &mut |value, count| {
            values.push((value.to_owned(), count));
            Ok(())
        })?;
        roll_up.groups.insert(by, values);
    }
    for document in 0..part.count() {
        *roll_up.received.entry(Interval::Hour.start_of(part.received(document))).or_default() += 1;
        *roll_up.occurred.entry(Interval::Hour.start_of(part.time.get_val(document))).or_default() += 1;
    }
    Ok(roll_up)
}

fn count(part: &Part, documents: &Bits, request: &StatsRequest, tally: &mut Tally) -> Result<(), IndexError> {
    tally.count += documents.count();
    for by in &request.by {
        each_value(part, documents, *by, &mut |value, count| Ok(tally.add_value(*by, value, count)?))?;
    }
    let Some(histogram) = request.histogram else { return Ok(()) };
    // Neighbours are mostly of one interval.
    let (mut current, mut count) = (i64::MIN, 0);
    for document in documents.ascending() {
        let at = match histogram.time {
            HistogramTime::Received => part.received(document),
            HistogramTime::Occurred => part.time.get_val(document),
        };
        let start = histogram.interval.start_of(at);
        if start != current {
            if count > 0 {
                tally.add_time(current, count)?;
            }
            (current, count) = (start, 0);
        }
        count += 1;
    }
    if count > 0 {
        tally.add_time(current, count)?;
    }
    Ok(())
}

/// Hands each value of a field, and how many of the documents have it, to `each`.
fn each_value(
    part: &Part,
    documents: &Bits,
    by: GroupBy,
    each: &mut dyn FnMut(&str, u64) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let name = match by {
        GroupBy::Action => column::ACTION,
        GroupBy::Actor => column::ACTOR,
        GroupBy::ResourceType => column::RESOURCE_TYPE,
        GroupBy::Ip => column::IP,
        GroupBy::Severity => {
            let mut counts = [0_u64; Severity::ALL.len()];
            tally_small(&part.severity, documents, &mut counts);
            let named = Severity::ALL.iter().zip(counts).filter(|(_, count)| *count > 0);
            return named.into_iter().try_for_each(|(value, count)| each(value.as_str(), count));
        }
        GroupBy::Outcome => {
            let mut counts = [0_u64; Outcome::ALL.len()];
            tally_small(&part.outcome, documents, &mut counts);
            let named = Outcome::ALL.iter().filter_map(|value| {
                let count = *counts.get(usize::from(value.code().unsigned_abs()))?;
                (count > 0).then_some((value.as_str(), count))
            });
            return named.into_iter().try_for_each(|(value, count)| each(value, count));
        }
    };
    let Some(column) = part.texts(name).map_err(super::PartError::from)? else { return Ok(()) };
    tally_texts(&column, documents, each)
}

fn tally_small(values: &super::part::Values<u64>, documents: &Bits, counts: &mut [u64]) {
    for document in documents.ascending() {
        let at = usize::try_from(values.get_val(document)).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
}

fn tally_texts(
    column: &StrColumn,
    documents: &Bits,
    each: &mut dyn FnMut(&str, u64) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let mut counts = vec![0_u64; column.dictionary().num_terms()];
    for document in documents.ascending() {
        let ordinal = column.ords().first(document).and_then(|ordinal| usize::try_from(ordinal).ok());
        if let Some(count) = ordinal.and_then(|ordinal| counts.get_mut(ordinal)) {
            *count += 1;
        }
    }
    // In the dictionary's order, which it is read in.
    let mut terms = column.dictionary().stream()?;
    for count in counts {
        if !terms.advance() {
            break;
        }
        if count > 0 {
            each(std::str::from_utf8(terms.key()).map_err(|_| super::PartError::Damaged)?, count)?;
        }
    }
    Ok(())
}
