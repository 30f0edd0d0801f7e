//! Queries and entries for property tests, of one small vocabulary, so that they meet.

use std::borrow::Cow;

use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

use super::{
    AddressField, Clause, Comparison, Instant, Keyword, Network, Number, NumberField, Order, Path, Pattern,
    Query, Root, TimeField, ValueTest, Wildcard, Words, fields,
};
use crate::{
    Entry, EntryId, Outcome, Severity, TenantId,
    json::{Object, Value},
};

/// A short text: mostly of the vocabulary, sometimes any.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&["alice", "Alice", "iam.CreateUser", "iam.x", "access denied", "Access", "5", "5.0", "-1e2", "true", "null", "", "C:\\x", "a*b", "10.0.0.1"][..]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&["a", "b", "a.b", "a.b.c", "", ".", "a.", ".a"][..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let wildcard = vec(prop_oneof![Just(String::new()), text()], 2..5)
        .prop_filter_map("nothing but stars", Wildcard::new);
    prop_oneof![text().prop_map(Pattern::Literal), wildcard.prop_map(Pattern::Wildcard)]
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

fn order() -> impl Strategy<Value = Order> {
    select(&[Order::Less, Order::AtMost, Order::More, Order::AtLeast][..])
}

fn json_number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&["0", "5", "5.5", "-100", "1e21", "0.1"][..]).prop_map(str::to_owned),
        1 => any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| {
            ryu_js::Buffer::new().format_finite(f).to_owned()
        }),
    ]
}

fn address() -> impl Strategy<Value = &'static str> {
    select(&["10.0.0.1", "10.1.2.3", "::ffff:10.0.0.1", "2001:db8::1", "::1"][..])
}

fn instant_text() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "2026-03-01T00:00:00Z",
            "2026-03-01T02:00:00.000001+02:00",
            "2026-03-02T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
        ][..],
    )
}

fn root() -> impl Strategy<Value = Root> {
    select(Root::ALL)
}

fn clause() -> impl Strategy<Value = Clause> {
    let number = json_number().prop_filter_map("a number", |text| Number::parse(&text));
    let test = prop_oneof![
        3 => pattern().prop_map(ValueTest::Is),
        1 => (order(), number).prop_map(|(order, number)| ValueTest::Ordered(order, number)),
    ];
    let fixed = fields::names().chain(["actor", "metadata", "recorded_by"]).collect::<Vec<_>>();
    let exists = prop_oneof![
        select(fixed).prop_map(Path::Fixed),
        (root(), path()).prop_map(|(root, path)| Path::Within(root, path)),
    ];
    let network = (address(), 0_u8..=32)
        .prop_filter_map("a network", |(address, prefix)| Network::parse(&format!("{address}/{prefix}")));
    let instant = prop_oneof![
        instant_text().prop_filter_map("a time", Instant::parse),
        any::<i64>()
            .prop_map(|at| Instant::from(chrono::DateTime::from_timestamp_micros(at).unwrap_or_default())),
    ];
    prop_oneof![
        words().prop_map(Clause::Text),
        words().prop_map(Clause::Message),
        exists.prop_map(Clause::Exists),
        (select(Keyword::ALL), pattern()).prop_map(|(field, pattern)| Clause::Is { field, pattern }),
        (root(), path(), test).prop_map(|(root, path, test)| Clause::Value { root, path, test }),
        (0_u128..4).prop_map(|id| Clause::Id(EntryId(Uuid::from_u128(id)))),
        (select(NumberField::ALL), comparison(), prop_oneof![0_u64..4, any::<u64>()])
            .prop_map(|(field, comparison, number)| Clause::Number { field, comparison, number }),
        (comparison(), select(&Severity::ALL[..]))
            .prop_map(|(comparison, severity)| Clause::Severity { comparison, severity }),
        select(&Outcome::ALL[..]).prop_map(Clause::Outcome),
        (select(AddressField::ALL), network).prop_map(|(field, network)| Clause::Address { field, network }),
        (select(TimeField::ALL), comparison(), instant)
            .prop_map(|(field, comparison, instant)| Clause::Time { field, comparison, instant }),
    ]
}

/// Any tree, within the bounds of what is parsed.
pub fn query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![1 => Just(Query::All), 12 => clause().prop_map(Query::Clause)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Query::negated),
            vec(inner.clone(), 0..4).prop_map(Query::and),
            vec(inner, 0..4).prop_map(Query::or),
        ]
    })
    .prop_filter("within the bounds", |query| {
        query.render().len() <= super::QUERY_BYTES_MAX && words_in(query) <= super::CLAUSES_MAX
    })
}

fn words_in(query: &Query) -> usize {
    match query {
        Query::Not(inner) => words_in(inner),
        Query::And(several) | Query::Or(several) => several.iter().map(words_in).sum(),
        Query::Clause(Clause::Text(words) | Clause::Message(words)) => words.count(),
        Query::All | Query::Clause(_) => 1,
    }
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        json_number().prop_map(|n| Value::Number(Cow::Owned(n))),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::Array), object(inner).prop_map(Value::Object),]
    })
}

fn object(values: impl Strategy<Value = Value<'static>> + 'static) -> BoxedStrategy<Object<'static>> {
    let key = select(&["a", "b", "c", "a.b", "b.c", "", ".", "a."][..]);
    vec((key, values), 0..4)
        .prop_map(|members| {
            let mut object = Object::default();
            for (key, value) in members {
                object.insert(key, value);
            }
            object
        })
        .boxed()
}

fn member(name: &'static str) -> BoxedStrategy<Option<(&'static str, Value<'static>)>> {
    let value = match name {
        "metadata" | "before" | "after" => object(value()).prop_map(Value::Object).boxed(),
        "severity" => select(&Severity::ALL[..]).prop_map(|s| s.as_str().into()).boxed(),
        "outcome" => select(&Outcome::ALL[..]).prop_map(|o| o.as_str().into()).boxed(),
        "ip" => address().prop_map(Value::from).boxed(),
        "occurred_at" => instant_text().prop_map(Value::from).boxed(),
        "actor" | "resource" => (text(), text())
            .prop_map(|(id, name)| {
                let mut object = Object::default();
                object.insert("id", Value::from(id));
                object.insert("name", Value::from(name));
                Value::Object(object)
            })
            .boxed(),
        _ => text().prop_map(Value::from).boxed(),
    };
    prop::option::of(value.prop_map(move |value| (name, value))).boxed()
}

/// Any entry, of the form that entries have.
pub fn entry() -> impl Strategy<Value = Entry<'static>> {
    let members = [
        "action",
        "actor",
        "resource",
        "occurred_at",
        "severity",
        "outcome",
        "message",
        "ip",
        "session_id",
        "metadata",
        "before",
        "after",
    ]
    .map(member)
    .to_vec();
    (members, 0_u128..4, 0_u64..4).prop_map(|(members, id, seq)| {
        let mut content = Object::default();
        for (name, value) in members.into_iter().flatten() {
            content.insert(name, value);
        }
        Entry {
            tenant_id: TenantId(Uuid::from_u128(1)),
            id: EntryId(Uuid::from_u128(id)),
            seq,
            leaf_hash: [0; 32],
            content: Value::Object(content),
        }
    })
}
