//! An opened part.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use custody_domain::{EntryId, query::terms::TextField};
use tantivy::{
    DocId, InvertedIndexReader, Segment, SegmentReader, TantivyError,
    columnar::{ColumnValues, StrColumn},
    directory::{FileHandle, OwnedBytes},
};

use super::{
    PartError,
    file::{self, Meta},
    schema::{self, column},
    stats::RollUp,
};

/// Entries that follow each other without a gap, indexed. It never changes; document *d* is the
/// entry whose seq is the first's and *d*.
pub(super) struct Part {
    pub(super) meta: Meta,
    pub(super) stored: Segment,
    segment: SegmentReader,
    pub(super) terms: Arc<InvertedIndexReader>,
    any: Arc<InvertedIndexReader>,
    message: Arc<InvertedIndexReader>,
    millis: Values<u64>,
    counter: Values<u64>,
    pub(super) time: Values<i64>,
    pub(super) severity: Values<u64>,
    pub(super) outcome: Values<u64>,
    pub(super) roll_up: OnceLock<RollUp>,
    /// The least and the greatest time of each 64 entries; made once somebody sorts by time.
    zones: OnceLock<Vec<(i64, i64)>>,
}

pub(super) type Values<T> = Arc<dyn ColumnValues<T>>;

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({:?})", self.seqs())
    }
}

impl Part {
    /// From memory.
    pub(super) fn of(bytes: Arc<[u8]>) -> Result<Self, PartError> {
        Self::open(Arc::new(OwnedBytes::new(bytes)))
    }

    pub(super) fn open(file: Arc<dyn FileHandle>) -> Result<Self, PartError> {
        let (index, meta) = file::open(file)?;
        let (_, fields) = schema::schema();
        let segments = index.searchable_segments()?;
        let [stored] = segments.as_slice() else { return Err(PartError::Damaged) };
        let segment = SegmentReader::open(stored)?;
        if segment.max_doc() != meta.count || meta.count == 0 {
            return Err(PartError::Damaged);
        }
        let columns = segment.fast_fields();
        Ok(Self {
            terms: segment.inverted_index(fields.terms)?,
            any: segment.inverted_index(fields.any)?,
            message: segment.inverted_index(fields.message)?,
            millis: columns.column_first_or_default(column::MILLIS)?,
            counter: columns.column_first_or_default(column::COUNTER)?,
            time: columns.column_first_or_default(column::TIME)?,
            severity: columns.column_first_or_default(column::SEVERITY)?,
            outcome: columns.column_first_or_default(column::OUTCOME)?,
            roll_up: OnceLock::new(),
            zones: OnceLock::new(),
            meta,
            stored: stored.clone(),
            segment,
        })
    }

    /// Of its entries.
    pub(super) fn seqs(&self) -> Range<u64> {
        self.meta.first_seq..self.meta.first_seq + u64::from(self.meta.count)
    }

    pub(super) fn count(&self) -> u32 {
        self.meta.count
    }

    pub(super) fn seq(&self, document: DocId) -> u64 {
        self.meta.first_seq + u64::from(document)
    }

    pub(super) fn id(&self, document: DocId) -> EntryId {
        EntryId::from_parts(self.millis.get_val(document), u128::from(self.counter.get_val(document)))
    }

    /// When it was received, in microseconds.
    pub(super) fn received(&self, document: DocId) -> i64 {
        self.id(document).received_at().timestamp_micros()
    }

    /// The first document whose id is not below `id`; the count where there is none.
    pub(super) fn first_from(&self, id: EntryId) -> DocId {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.id(middle) < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The least and the greatest of the times that it is sorted by where sorted by occurrence, in
    /// microseconds.
    pub(super) fn times(&self) -> (i64, i64) {
        (self.time.min_value(), self.time.max_value())
    }

    /// As [`Self::times`], of the 64 entries that begin with document `base`.
    pub(super) fn times_of_64(&self, base: DocId) -> (i64, i64) {
        let zones = self.zones.get_or_init(|| {
            let mut times = vec![0; usize::try_from(self.count()).unwrap_or(0)];
            self.time.get_range(0, &mut times);
            let zone = |times: &[i64]| {
                times.iter().fold((i64::MAX, i64::MIN), |(least, greatest), time| {
                    (least.min(*time), greatest.max(*time))
                })
            };
            times.chunks(64).map(zone).collect()
        });
        // One that is not there could hold anything.
        let zone = usize::try_from(base / 64).ok().and_then(|at| zones.get(at));
        zone.copied().unwrap_or((i64::MIN, i64::MAX))
    }

    pub(super) fn text(&self, field: TextField) -> &InvertedIndexReader {
        match field {
            TextField::Any => &self.any,
            TextField::Message => &self.message,
        }
    }

    /// A column of texts, where any entry has one.
    pub(super) fn texts(&self, name: &str) -> Result<Option<StrColumn>, TantivyError> {
        self.segment.fast_fields().str(name)
    }
}
