#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use chrono::{DateTime, Utc};
use custody_domain::{FindingSeverity, ScanId};
use uuid::Uuid;

use super::*;
use crate::BySeverity;

/// What somebody may call a bucket, an owner, a region.
const HOSTILE: &str =
    "<script>alert(1)</script> | `x` **y** [z](javascript:1) <img src=x onerror=y>\n# h\n| --- |";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn check(check: &str, severity: FindingSeverity) -> FailingCheck {
    FailingCheck {
        check: check.to_owned(),
        title: "S3 bucket is not publicly accessible".to_owned(),
        service: "s3".to_owned(),
        severity,
        failed: 3,
        muted: 1,
        incomplete: 1,
    }
}

fn resource(uid: &str, detail: &str) -> Resource {
    Resource {
        uid: uid.to_owned(),
        name: "logs".to_owned(),
        kind: "AwsS3Bucket".to_owned(),
        region: "eu-west-1".to_owned(),
        detail: detail.to_owned(),
        delta: "still_failing",
        triage: "open",
        owner: None,
        incomplete: false,
    }
}

fn failing(resources: Vec<Resource>) -> Failing {
    Failing {
        check: check("s3_bucket_public_access", FindingSeverity::Critical),
        description: "**Amazon S3 buckets** with access by `AllUsers`.".to_owned(),
        risk: "Anybody reads:\n- all of it\n- at once".to_owned(),
        remediation: Remedy {
            text: "Enable **Block Public Access**.".to_owned(),
            url: Some("https://hub.prowler.com/check/s3_bucket_public_access".to_owned()),
            codes: vec![
                Code {
                    means: "Command line",
                    text: "```sh\naws s3api put --bucket <bucket_name>\n```".to_owned(),
                },
                Code { means: "Terraform", text: "```hcl\nblock_public_acls = true\n```".to_owned() },
                Code {
                    means: "Other",
                    text: "1. Open <name>\n2. Check only:\n   - Ignore ACLs\n3. Save".to_owned(),
                },
            ],
            from: Some("prowler 5.46.0".to_owned()),
        },
        resources: Listed { items: resources, more: 2 },
    }
}

fn report(resources: Vec<Resource>) -> Report {
    let failures = BySeverity { critical: 3, medium: 2, ..BySeverity::default() };
    let id = ScanId(Uuid::from_u128(7));
    Report {
        title: "Security scan of 123456789012".to_owned(),
        made_at: at("2026-01-31T09:00:00Z"),
        scan: About {
            id,
            name: "production, nightly".to_owned(),
            source: "engine",
            provider: "aws".to_owned(),
            account: Some("123456789012".to_owned()),
            engine: Some("prowler 5.46.0".to_owned()),
            status: "completed",
            partial: true,
            failure: None,
            created_by: "user:01932f5e-0000-7000-8000-000000000001".to_owned(),
            created_at: at("2026-01-31T08:30:00Z"),
            started_at: Some(at("2026-01-31T08:30:02.5Z")),
            ended_at: Some(at("2026-01-31T08:31:09Z")),
            scope: vec![Narrowed { kind: "services".to_owned(), to: vec!["s3".to_owned()] }],
        },
        notes: vec![
            "1 of 3 checks came to no verdict: of what they look at this report says nothing.".to_owned(),
        ],
        summary: Summary {
            findings: 9,
            passed: 3,
            failed: 6,
            manual: 0,
            incomplete: 1,
            muted: 1,
            failures,
            services: vec![ServiceSummary {
                service: "s3".to_owned(),
                passed: 3,
                failed: 6,
                manual: 0,
                muted: 1,
                failures,
            }],
        },
        looked_at: looked_at(),
        grave: vec![failing(resources)],
        others: vec![check("s3_bucket_object_lock", FindingSeverity::Medium)],
        trend: trend(failures),
        muted: muted(),
        triage: triaged(),
    }
}

fn trend(failures: BySeverity) -> Trend {
    let id = ScanId(Uuid::from_u128(7));
    Trend {
        scans: vec![
            Point { id, at: at("2026-01-31T08:31:09Z"), status: "completed", partial: true, failures },
            Point { id, at: at("2026-01-30T08:31:09Z"), status: "completed", partial: false, failures },
        ],
        changes: Some(Changes {
            against: id,
            against_at: at("2026-01-30T08:31:09Z"),
            new: 1,
            still_failing: 4,
            resolved: 2,
            regressed: 1,
            gone: 1,
            not_looked_at: 1,
        }),
    }
}

fn muted() -> Listed<Muted> {
    Listed {
        items: vec![Muted {
            check: "s3_bucket_public_access".to_owned(),
            severity: FindingSeverity::Critical,
            resource: "arn:aws:s3:::site".to_owned(),
            region: "eu-west-1".to_owned(),
            reason: Some("It is the public site.".to_owned()),
            until: None,
            by: Some("user:1".to_owned()),
        }],
        more: 0,
    }
}

fn triaged() -> Listed<Triaged> {
    Listed {
        items: vec![Triaged {
            check: "s3_bucket_object_lock".to_owned(),
            severity: FindingSeverity::Medium,
            resource: "arn:aws:s3:::logs".to_owned(),
            region: "eu-west-1".to_owned(),
            state: "in_progress",
            owner: Some("platform".to_owned()),
            note: None,
        }],
        more: 3,
    }
}

fn looked_at() -> LookedAt {
    LookedAt {
        checks_known: true,
        asked: 3,
        completed: 2,
        errored: 1,
        not_run: 0,
        services: vec![ServiceChecks { service: "s3".to_owned(), completed: 2, errored: 1, not_run: 0 }],
        regions: vec![Region { region: "eu-west-1".to_owned(), findings: 9 }],
        errors: vec![Errored {
            reason: "access denied".to_owned(),
            checks: vec!["s3_account_block".to_owned()],
        }],
        incomplete: vec![Incomplete {
            checks: vec!["s3_bucket_public_access".to_owned()],
            passed: 3,
            failed: 4,
            manual: 0,
            calls: vec![Call {
                call: "s3:GetBucketAcl".to_owned(),
                region: Some("eu-west-1".to_owned()),
                code: "AccessDenied".to_owned(),
                message: "no".to_owned(),
            }],
        }],
        missing: Vec::new(),
    }
}

fn plain() -> Report {
    report(vec![resource("arn:aws:s3:::logs", "Bucket my_logs is public.")])
}

#[test]
fn a_report_as_markdown() {
    insta::assert_snapshot!(markdown(&plain()));
}

#[test]
fn a_report_as_html() {
    insta::assert_snapshot!(html(&plain()).unwrap());
}

/// A report in which whatever a stranger could have named is named so.
fn hostile() -> Report {
    let mut report = report(vec![Resource { region: HOSTILE.to_owned(), ..resource(HOSTILE, HOSTILE) }]);
    report.title = HOSTILE.to_owned();
    report.scan.name = HOSTILE.to_owned();
    report.scan.account = Some(HOSTILE.to_owned());
    report.notes = vec![HOSTILE.to_owned()];
    report.looked_at.errors[0].reason = HOSTILE.to_owned();
    report.looked_at.incomplete[0].calls[0].message = HOSTILE.to_owned();
    report.others[0].title = HOSTILE.to_owned();
    report.muted.items[0].reason = Some(HOSTILE.to_owned());
    report.triage.items[0].note = Some(HOSTILE.to_owned());
    report.grave[0].description = HOSTILE.to_owned();
    report.grave[0].remediation.url = Some("javascript:alert(1)".to_owned());
    report.grave[0].remediation.codes[0].text = format!("    {HOSTILE}");
    report
}

/// What a reader of Markdown sees: elements by name, without their text.
fn elements(markdown: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Options, Parser};
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Start(tag) => Some(format!("{:?}", tag.to_end())),
            Event::Html(html) | Event::InlineHtml(html) => Some(html.into_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn names_are_no_markup_in_markdown() {
    let shown = elements(&markdown(&hostile()));
    let html: Vec<_> = shown.iter().filter(|element| element.starts_with('<')).collect();
    assert!(html.is_empty(), "{html:?}");
    assert!(!shown.iter().any(|element| element == "Link" || element == "Image"), "{shown:?}");
    // As many rows and cells, and as many headings, as with names that harm nobody.
    let structure = |report: &Report| {
        let kinds = ["Table", "TableRow", "TableCell", "Heading"];
        let shown = elements(&markdown(report));
        kinds.map(|kind| shown.iter().filter(|element| element.starts_with(kind)).count())
    };
    assert_eq!(structure(&hostile()), structure(&plain()));
}

#[test]
fn names_are_no_markup_in_html() {
    let page = html(&hostile()).unwrap();
    for markup in ["<script", "<img", "href=\"javascript"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"));
    // Nothing is fetched from anywhere.
    for from in ["src=", "@import", "url(", "<link"] {
        assert!(!html(&plain()).unwrap().contains(from), "{from}");
    }
}
