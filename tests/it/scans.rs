//! Scans over HTTP: asked for, run by the real Prowler on an emulated account, followed, broken in every way,
//! and brought from files. Without `CUSTODY_TEST_PROWLER` those that need Prowler say that they are skipped.

mod account;
mod bad_files;
mod bad_input;
mod cancelled;
mod command_line;
mod crowd;
mod database_gone;
mod disk_full;
mod driver_gone;
mod one_at_a_time;
mod places;
mod provider_says_no;
mod scheduled;
mod secrets;
mod walk;
mod worker_gone;

use serde_json::{Value, json};

/// A finding as Prowler writes it, of a bucket of this name.
pub(crate) fn ocsf(bucket: &str) -> Value {
    json!({
        "message": format!("S3 Bucket {bucket} is public."),
        "metadata": {"event_code": "s3_bucket_public_access", "product": {"name": "Prowler", "version": "5.46.0"}, "version": "1.5.0"},
        "severity_id": 5, "severity": "Critical", "status": "New", "status_code": "FAIL",
        "status_detail": format!("S3 Bucket {bucket} is public."), "status_id": 1,
        "unmapped": {"provider": "aws", "provider_uid": "123456789012", "categories": []},
        "finding_info": {"title": "S3 bucket is not public", "uid": format!("prowler-aws-s3_bucket_public_access-123456789012-us-east-1-{bucket}"),
            "created_time": 1_795_288_469, "created_time_dt": "2026-11-21T19:14:29.357656Z"},
        "resources": [{"region": "us-east-1", "name": bucket, "type": "AwsS3Bucket", "uid": format!("arn:aws:s3:::{bucket}"),
            "group": {"name": "s3"}, "labels": [], "data": {"details": "", "metadata": {}}}],
        "category_uid": 2, "class_uid": 2004, "class_name": "Detection Finding", "activity_id": 1, "type_uid": 200_401,
        "cloud": {"account": {"uid": "123456789012"}, "provider": "aws", "region": "us-east-1"},
        "time": 1_795_288_469, "time_dt": "2026-11-21T19:14:29.357656Z",
    })
}
