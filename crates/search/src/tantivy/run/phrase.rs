//! Whether tokens stand side by side.

use tantivy::{
    DocSet as _, InvertedIndexReader,
    postings::{Postings as _, SegmentPostings, TermInfo},
    schema::IndexRecordOption,
};

use super::{Bits, RunError, Work};

/// Keeps the documents of `found` in which the terms stand in a row. All of them hold every term.
pub(super) fn keep(
    index: &InvertedIndexReader,
    terms: &[TermInfo],
    found: &mut Bits,
    work: &Work,
) -> Result<(), RunError> {
    let mut postings = terms
        .iter()
        .map(|term| index.read_postings_from_terminfo(term, IndexRecordOption::WithFreqsAndPositions))
        .collect::<Result<Vec<SegmentPostings>, _>>()?;
    let (mut starts, mut places) = (Vec::new(), Vec::new());
    let mut exhausted = None;
    found.retain(|document| {
        exhausted.is_none()
            && in_a_row(&mut postings, document, &mut starts, &mut places, work).unwrap_or_else(|error| {
                exhausted = Some(error);
                false
            })
    });
    exhausted.map_or(Ok(()), Err)
}

fn in_a_row(
    postings: &mut [SegmentPostings],
    document: u32,
    starts: &mut Vec<u32>,
    places: &mut Vec<u32>,
    work: &Work,
) -> Result<bool, RunError> {
    for (nth, postings) in (0..).zip(postings) {
        if postings.doc() < document {
            postings.seek(document);
        }
        if nth == 0 {
            postings.positions(starts);
        } else {
            postings.positions(places);
            starts.retain(|start| places.binary_search(&(start + nth)).is_ok());
        }
        work.take(1 + places.len() as u64 / 8)?;
        if starts.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
