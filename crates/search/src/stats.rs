//! Counts of entries: by value of a field, and over time.

use std::collections::{BTreeMap, HashMap};

use custody_domain::{Entry, Outcome, Severity, columns, json::Value, query::Query};

/// What is counted.
#[derive(Clone, Debug)]
pub struct StatsRequest {
    pub query: Query,
    /// Each by itself.
    pub by: Vec<GroupBy>,
    /// The most values of a field; those with the greatest counts.
    pub top: usize,
    pub histogram: Option<Histogram>,
}

/// The most of [`StatsRequest::top`].
pub const TOP_MAX: usize = 1_000;

/// The most intervals of a histogram.
pub const INTERVALS_MAX: usize = 10_000;

/// A field by whose values entries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupBy {
    Action,
    /// `actor.id`
    Actor,
    ResourceType,
    /// `INFO` where there is none.
    Severity,
    /// `unknown` where there is none.
    Outcome,
    /// In one spelling: an IPv4 address in IPv6's form is the IPv4 address.
    Ip,
}

impl GroupBy {
    pub const ALL: [Self; 6] =
        [Self::Action, Self::Actor, Self::ResourceType, Self::Severity, Self::Outcome, Self::Ip];

    /// The value of the parameter `by`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Actor => "actor",
            Self::ResourceType => "resource_type",
            Self::Severity => "severity",
            Self::Outcome => "outcome",
            Self::Ip => "ip",
        }
    }

    /// What an entry is counted under; nothing where it has no such value.
    pub fn value_of(self, entry: &Entry<'_>) -> Option<String> {
        let content = entry.content.as_object()?;
        let text = |key: &str| content.get(key).and_then(Value::as_str);
        let inner = |object: &str, key: &str| content.get(object)?.as_object()?.get(key)?.as_str();
        Some(match self {
            Self::Action => text("action")?.to_owned(),
            Self::Actor => inner("actor", "id")?.to_owned(),
            Self::ResourceType => inner("resource", "type")?.to_owned(),
            Self::Severity => {
                text("severity").and_then(|s| s.parse::<Severity>().ok()).unwrap_or_default().to_string()
            }
            Self::Outcome => {
                text("outcome").and_then(|o| o.parse::<Outcome>().ok()).unwrap_or_default().to_string()
            }
            Self::Ip => columns::address(text("ip")?)?.to_string(),
        })
    }
}

/// Counts over time, in intervals of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Histogram {
    pub interval: Interval,
    pub time: HistogramTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Hour,
    Day,
}

impl Interval {
    pub fn microseconds(self) -> i64 {
        match self {
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }

    /// Where the interval begins that holds `at`, in microseconds.
    pub fn start_of(self, at: i64) -> i64 {
        at - at.rem_euclid(self.microseconds())
    }
}

/// Which time a histogram goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistogramTime {
    #[default]
    Received,
    /// Received, where an entry does not say when it occurred.
    Occurred,
}

/// The counts. Exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entries that match.
    pub count: u64,
    pub groups: Vec<(GroupBy, Group)>,
    /// By where the interval begins, in microseconds since 1970; those without entries are left out.
    pub histogram: Option<BTreeMap<i64, u64>>,
    /// As a page's.
    pub index_watermark: Option<u64>,
}

/// The entries by the values of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The greatest counts first; equal ones by value.
    pub values: Vec<(String, u64)>,
    /// Entries with other values.
    pub others: u64,
    /// Entries without a value.
    pub missing: u64,
}

/// Counts while they are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) groups: HashMap<GroupBy, HashMap<String, u64>>,
    /// Entries with values that are known to come after those in `groups`.
    pub(crate) others: HashMap<GroupBy, u64>,
    pub(crate) histogram: BTreeMap<i64, u64>,
}

/// More different values than are counted at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMany;

const VALUES_MAX: usize = 1_000_000;

impl Tally {
    /// Counts one entry: the definition, which every executor has to reproduce.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, request: &StatsRequest) -> Result<(), TooMany> {
        self.count += 1;
        for by in &request.by {
            if let Some(value) = by.value_of(entry) {
                self.add_value(*by, &value, 1)?;
            }
        }
        if let Some(histogram) = request.histogram {
            let at = match histogram.time {
                HistogramTime::Received => entry.received_at().into(),
                HistogramTime::Occurred => entry.time(),
            };
            self.add_time(histogram.interval.start_of(at.microseconds()), 1)?;
        }
        Ok(())
    }

    pub(crate) fn add_value(&mut self, by: GroupBy, value: &str, count: u64) -> Result<(), TooMany> {
        let values = self.groups.entry(by).or_default();
        if let Some(known) = values.get_mut(value) {
            *known += count;
            return Ok(());
        }
        if values.len() >= VALUES_MAX {
            return Err(TooMany);
        }
        values.insert(value.to_owned(), count);
        Ok(())
    }

    pub(crate) fn add_time(&mut self, start: i64, count: u64) -> Result<(), TooMany> {
        *self.histogram.entry(start).or_default() += count;
        if self.histogram.len() > INTERVALS_MAX { Err(TooMany) } else { Ok(()) }
    }

    pub(crate) fn finish(mut self, request: &StatsRequest, index_watermark: Option<u64>) -> Stats {
        let groups = request.by.iter().map(|by| {
            let mut values: Vec<_> = self.groups.remove(by).unwrap_or_default().into_iter().collect();
            let others = self.others.remove(by).unwrap_or_default();
            let known: u64 = others + values.iter().map(|(_, count)| count).sum::<u64>();
            values.sort_unstable_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
            values.truncate(request.top);
            let shown: u64 = values.iter().map(|(_, count)| count).sum();
            (*by, Group { values, others: known - shown, missing: self.count - known })
        });
        Stats {
            groups: groups.collect(),
            histogram: request.histogram.map(|_| self.histogram),
            count: self.count,
            index_watermark,
        }
    }
}
