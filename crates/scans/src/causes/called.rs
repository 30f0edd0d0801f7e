//! What a resource is called, and whether an entry calls it so.

use custody_domain::{
    Entry,
    json::Value,
    query::{Clause, EXACT_BYTES_MAX, Keyword, Path, Pattern, Query, Root, ValueTest, Wildcard, Words},
};

/// By what an entry names a resource: the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touch {
    /// As what was acted on, by the uid itself (its ARN).
    Uid,
    /// By its name.
    Name,
    /// By the id within its uid.
    Id,
    /// Not as what was acted on, but by its uid among the parameters.
    Parameter,
}

impl Touch {
    pub const ALL: [Self; 4] = [Self::Uid, Self::Name, Self::Id, Self::Parameter];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uid => "uid",
            Self::Name => "name",
            Self::Id => "id",
            Self::Parameter => "parameter",
        }
    }
}

/// A resource as entries may call it.
#[derive(Clone, Debug)]
pub struct Called {
    uid: String,
    /// In the order of [`Touch`]. Of parameters the query says only where they may be.
    by: Vec<(Touch, Query)>,
}

/// Members of an entry's metadata that are no parameters: the record as it came, what was acted on, and where
/// and how that was (docs/sources.md).
const NO_PARAMETERS: [&str; 10] = [
    "raw",
    "resources",
    "account",
    "region",
    "access_key_id",
    "source_address",
    "event_type",
    "read_only",
    "error_code",
    "error_message",
];

/// Where a record says who acted: the texts there are of the actor, not of what was acted on.
const ACTORS: [&str; 2] = ["raw.userIdentity.arn", "raw.userIdentity.sessionContext.sessionIssuer.arn"];

impl Called {
    /// Empty texts are not known. A name or id that only means something within an account, a region or a
    /// service counts where the entry says none, or the same.
    pub fn of(uid: &str, name: &str, account: &str, region: &str) -> Self {
        let arn = Arn::of(uid);
        let mut uids: Vec<String> =
            Some(uid).filter(|uid| !uid.is_empty()).map(str::to_owned).into_iter().collect();
        uids.extend(arn.iter().filter_map(Arn::queue_url));
        let mut ids = arn.as_ref().map(Arn::ids).unwrap_or_default();
        if arn.is_none() {
            ids.extend(tail(uid).map(str::to_owned));
        }
        ids.retain(|id| id != name && id != uid);
        let names: Vec<_> = [name].into_iter().filter(|name| !name.is_empty() && *name != uid).collect();
        let here = same_place(account, arn.as_ref().map_or(region, |arn| arn.region), arn.as_ref());
        let by = [
            (Touch::Uid, any(uids.iter().map(String::as_str))),
            (Touch::Name, Query::and([any(names.into_iter()), here.clone()])),
            (Touch::Id, Query::and([any(ids.iter().map(String::as_str)), here])),
            (Touch::Parameter, among_parameters(uid)),
        ];
        Self { uid: uid.to_owned(), by: by.to_vec() }
    }

    /// Matches every entry that touches it, and perhaps some more.
    pub fn query(&self) -> Query {
        Query::or(self.by.iter().map(|(_, query)| query.clone()))
    }

    /// Whether the entry touches it, and by what.
    pub fn touched_by(&self, entry: &Entry<'_>) -> Option<Touch> {
        self.by.iter().find(|(touch, query)| self.holds(*touch, query, entry)).map(|(touch, _)| *touch)
    }

    fn holds(&self, touch: Touch, query: &Query, entry: &Entry<'_>) -> bool {
        query.matches(entry)
            && (touch != Touch::Parameter || parameters(entry).iter().any(|text| *text == self.uid))
    }
}

/// The texts by which an entry may call what it touched, each once and no longer than is looked for.
pub(super) fn texts<'e>(entry: &'e Entry<'_>) -> Vec<&'e str> {
    let mut texts = Vec::new();
    for pointer in ["/resource/id", "/resource/name"] {
        texts.extend(entry.content.pointer(pointer).and_then(Value::as_str));
    }
    if let Some(others) = entry.content.pointer("/metadata/resources") {
        all_texts(others, &mut texts);
    }
    texts.extend(parameters(entry));
    texts.retain(|text| !text.is_empty() && text.len() <= EXACT_BYTES_MAX && !text.contains('\0'));
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn parameters<'e>(entry: &'e Entry<'_>) -> Vec<&'e str> {
    let mut texts = Vec::new();
    if let Some(metadata) = entry.content.pointer("/metadata").and_then(Value::as_object) {
        let sent = metadata.iter().filter(|(key, _)| !NO_PARAMETERS.contains(key));
        sent.for_each(|(_, value)| all_texts(value, &mut texts));
    }
    if let Some(sent) = entry.content.pointer("/metadata/raw/requestParameters") {
        all_texts(sent, &mut texts);
    }
    texts
}

fn all_texts<'e>(value: &'e Value<'_>, texts: &mut Vec<&'e str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, texts)),
        Value::Object(object) => object.iter().for_each(|(_, value)| all_texts(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A uid's last part, as the column `resources.tail` has it.
pub(super) fn tail(uid: &str) -> Option<&str> {
    let separators = ['/', ':', '*'];
    uid.trim_end_matches(separators).rsplit(separators).next().filter(|tail| !tail.is_empty())
}

/// What was acted on, or one of the others, has one of these as its id or name.
fn any<'t>(texts: impl Iterator<Item = &'t str>) -> Query {
    Query::or(texts.flat_map(|text| {
        let literal = || Pattern::Literal(text.to_owned());
        let among = |path: &str| metadata(path, literal());
        [
            Clause::Is { field: Keyword::Resource, pattern: literal() }.into(),
            among("resources.id"),
            among("resources.name"),
            among("resources.arn"),
            among("resources.ARN"),
        ]
    }))
}

fn metadata(path: &str, pattern: Pattern) -> Query {
    Clause::Value { root: Root::Metadata, path: path.to_owned(), test: ValueTest::Is(pattern) }.into()
}

fn among_parameters(uid: &str) -> Query {
    let Some(words) = Words::phrase(uid) else { return Query::or([]) };
    let by_itself = ACTORS.map(|path| Query::negated(metadata(path, Pattern::Literal(uid.to_owned()))));
    Query::and([Query::from(Clause::Text(words))].into_iter().chain(by_itself))
}

/// The account, region and service, where the entry says one.
fn same_place(account: &str, region: &str, arn: Option<&Arn<'_>>) -> Query {
    let said = |path: &str, value: &str| {
        if value.is_empty() {
            return Query::All;
        }
        let is = metadata(path, Pattern::Literal(value.to_owned()));
        let nothing = Clause::Exists(Path::Within(Root::Metadata, path.to_owned()));
        Query::or([is, Query::negated(nothing.into())])
    };
    let service = arn.and_then(|arn| Wildcard::new(vec![format!("{}.", arn.event_source()), String::new()]));
    let service = service.map_or(Query::All, |service| {
        let elsewhere = Pattern::Literal("cloudtrail".to_owned());
        Query::or([
            Clause::Is { field: Keyword::Action, pattern: Pattern::Wildcard(service) }.into(),
            Query::negated(Clause::Is { field: Keyword::SourceFormat, pattern: elsewhere }.into()),
        ])
    });
    Query::and([said("account", account), said("region", region), service])
}

/// `arn:partition:service:region:account:resource`
struct Arn<'u> {
    service: &'u str,
    region: &'u str,
    account: &'u str,
    resource: &'u str,
}

impl<'u> Arn<'u> {
    fn of(uid: &'u str) -> Option<Self> {
        let mut parts = uid.splitn(6, ':');
        let is_arn = parts.next() == Some("arn") && parts.next().is_some();
        let arn = Self {
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        is_arn.then_some(arn)
    }

    /// `logs`; `role/x/ann`, `x/ann`, `ann`; `sg-1`. What stands for a whole account has none.
    fn ids(&self) -> Vec<String> {
        let whole = self.resource.trim_end_matches(['*', ':', '/']);
        if matches!(whole, "root" | "account" | "unknown" | "") {
            return Vec::new();
        }
        let behind = whole.split_once(['/', ':']).map(|(_, behind)| behind);
        let mut ids: Vec<String> =
            [Some(whole), behind, tail(whole)].into_iter().flatten().map(str::to_owned).collect();
        ids.dedup();
        // Of an object the key alone says nothing, nor does of a group of logs its last part.
        if matches!(self.service, "s3" | "logs") {
            ids.truncate(if self.service == "s3" { 1 } else { 2 });
        }
        ids
    }

    /// CloudTrail names queues so.
    fn queue_url(&self) -> Option<String> {
        let Self { region, account, resource, .. } = self;
        (self.service == "sqs").then(|| format!("https://sqs.{region}.amazonaws.com/{account}/{resource}"))
    }

    fn event_source(&self) -> &str {
        match self.service {
            "cloudwatch" => "monitoring",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
