//! Which entries changed nothing: reads, and the daily use of what is there.

use std::sync::LazyLock;

use custody_domain::{
    Entry,
    query::{Clause, Keyword, Pattern, Query, Root, ValueTest, Wildcard},
};

/// How the last part of an action of a read begins, after a dot.
pub(super) const READS: &[&str] = &[
    "Get", "List", "Describe", "Head", "BatchGet", "Lookup", "Search", "Query", "Scan", "Select", "Simulate",
    "Test", "Validate", "View",
];

/// What applications call one: the whole last part.
pub(super) const WORDS: &[&str] =
    &["read", "get", "list", "listed", "view", "viewed", "searched", "downloaded", "exported"];

/// Calls that use a resource and leave it as it is.
pub(super) const USES: &[&str] = &[
    "s3.PutObject",
    "s3.DeleteObject",
    "s3.DeleteObjects",
    "s3.CopyObject",
    "s3.RestoreObject",
    "s3.*MultipartUpload",
    "s3.UploadPart*",
    "kms.Encrypt",
    "kms.Decrypt",
    "kms.ReEncrypt*",
    "kms.GenerateDataKey*",
    "kms.Sign",
    "kms.Verify",
    "sts.*",
    "sns.Publish*",
    "sqs.SendMessage*",
    "sqs.ReceiveMessage",
    "sqs.DeleteMessage*",
    "lambda.Invoke*",
    "dynamodb.PutItem",
    "dynamodb.UpdateItem",
    "dynamodb.DeleteItem",
    "dynamodb.BatchWriteItem",
    "logs.PutLogEvents",
    "ssm.UpdateInstanceInformation",
    "custody.log.*",
];

static LEFT_OUT: LazyLock<Query> = LazyLock::new(|| {
    let action = |pattern| Query::from(Clause::Is { field: Keyword::Action, pattern });
    let reads = READS.iter().map(|verb| pattern(&format!("*.{verb}*")));
    let words = WORDS.iter().map(|word| pattern(&format!("*.{word}")));
    let by_action = reads.chain(words).chain(USES.iter().map(|used| pattern(used))).map(action);
    let read_only = ValueTest::Is(Pattern::Literal("true".to_owned()));
    let read_only = Clause::Value { root: Root::Metadata, path: "read_only".to_owned(), test: read_only };
    Query::or(by_action.chain([read_only.into()]))
});

/// Matches what changed nothing.
pub fn left_out() -> &'static Query {
    &LEFT_OUT
}

pub fn is_change(entry: &Entry<'_>) -> bool {
    !LEFT_OUT.matches(entry)
}

/// A text in which `*` stands for anything.
pub(super) fn pattern(text: &str) -> Pattern {
    let pieces = text.split('*').map(str::to_owned).collect();
    Wildcard::new(pieces).map_or_else(|| Pattern::Literal(text.to_owned()), Pattern::Wildcard)
}
