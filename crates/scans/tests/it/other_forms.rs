//! ASFF and SARIF become OCSF on the way in.

use custody_domain::{FindingSeverity, FindingStatus};
use custody_scans::finding::{Form, NewFinding};

use crate::findings_fixture::read;

fn seen(finding: &NewFinding) -> (&str, &str, &str, FindingStatus, FindingSeverity) {
    (&finding.base.check_id, &finding.uid, &finding.resource.uid, finding.status, finding.severity)
}

#[tokio::test]
async fn asff_is_read_and_kept_whole() {
    let file = br#"[{"SchemaVersion":"2018-10-08","Id":"prowler-iam_x-1-us-east-1-ab","ProductArn":"arn:aws:securityhub:us-east-1::product/prowler/prowler","ProductFields":{"ProviderName":"Prowler","ProviderVersion":"5.46.0"},"GeneratorId":"prowler-iam_x","AwsAccountId":"123456789012","Types":["T"],"CreatedAt":"2026-11-21T19:14:29Z","UpdatedAt":"2026-11-21T19:14:30Z","Severity":{"Label":"CRITICAL"},"Title":"Root","Description":"Root has keys.","Resources":[{"Id":"arn:aws:iam::123456789012:root","Type":"AwsIamUser","Partition":"aws","Region":"us-east-1"}],"Compliance":{"Status":"PASSED"}},
      {"ProductArn":"a","AwsAccountId":"1","GeneratorId":"g"}]"#;
    let (findings, report) = read(file).await;
    assert_eq!(findings.len(), 1, "{report:?}");
    let finding = &findings[0];
    assert_eq!(
        seen(finding),
        (
            "iam_x",
            "prowler-iam_x-1-us-east-1-ab",
            "arn:aws:iam::123456789012:root",
            FindingStatus::Pass,
            FindingSeverity::Critical
        )
    );
    assert_eq!((finding.base.form, finding.seen_at.timestamp()), (Form::Ocsf, 1_795_288_470));
    assert_eq!((&*finding.account, &*finding.region), ("123456789012", "us-east-1"));
    let whole = std::str::from_utf8(&file[1..]).unwrap().split_once(",\n").unwrap().0;
    assert!(finding.text.contains(whole), "{}", finding.text);
    assert_eq!((report.refusals[0].index, &*report.refusals[0].pointer), (1, "/Id"));
}

#[tokio::test]
async fn each_result_of_sarif_is_a_finding() {
    let file = br#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":{"name":"Prowler","version":"5.46.0","rules":[
      {"id":"iac_x","shortDescription":{"text":"No open port"},"properties":{"tags":["security","prowler/iac"],"security-severity":"9.0"}},{"id":"other","defaultConfiguration":{"level":"note"}}]}},
      "results":[{"ruleId":"iac_x","ruleIndex":0,"level":"error","message":{"text":"22 is open"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"main.tf"},"region":{"startLine":3,"endLine":4}}}]},
      {"message":{"text":"which rule?"}},
      {"ruleId":"other","kind":"pass","message":{"text":"well"}}]}]}"#;
    let (findings, report) = read(file).await;
    assert_eq!(
        findings.iter().map(seen).collect::<Vec<_>>(),
        [
            (
                "iac_x",
                "sarif-Prowler-iac_x-main.tf:3",
                "main.tf",
                FindingStatus::Fail,
                FindingSeverity::Critical
            ),
            ("other", "sarif-Prowler-other-:", "Prowler", FindingStatus::Pass, FindingSeverity::Low),
        ]
    );
    assert_eq!((&*findings[0].base.provider, &*findings[0].base.title), ("iac", "No open port"));
    assert_eq!(report.refusals.len(), 1);
    assert_eq!((report.refusals[0].index, &*report.refusals[0].pointer), (1, "/runs/0/results/1/ruleId"));
}
