//! Many scans of many tenants at once.

use futures::future::join_all;
use serde_json::Value;

use super::account::{Account, BUCKETS, S3, SQS, ask, completed, findings, order, python};
use crate::{
    job_faults::{Part, yard::Yard},
    support::{
        Tenant,
        server::{Options, Server},
    },
};

const TENANTS: usize = 5;
const LOCAL: [(&str, &str); 1] = [("CUSTODY_SCAN_ALLOW_LOCAL", "true")];

#[tokio::test]
async fn twenty_scans_of_five_tenants_on_two_workers_all_end_and_each_sees_its_own() {
    let Some(python) = python() else { return };
    let account = Account::shared(&python).await;
    // Nobody dies here, and the machine is busy.
    let yard = Yard::new(Part::Postgres, "lease=30000").await;
    let flags = vec!["--only".to_owned(), "api".to_owned()];
    let front = Server::start(Options { flags, ..yard.options("first", &LOCAL) }).await;
    let workers = [yard.start("one", &LOCAL).await, yard.start("two", &LOCAL).await];
    let mut tenants = Vec::new();
    for _ in 0..TENANTS {
        tenants.push(front.tenant().await);
    }
    let asked = join_all(tenants.iter().map(|tenant| async {
        let mut asked = Vec::new();
        for check in [S3[0], S3[1], S3[2], SQS] {
            asked.push((check, ask(&tenant.admin, &order(&account.url, &[check])).await));
        }
        asked
    }))
    .await;
    for (tenant, asked) in tenants.iter().zip(&asked) {
        sees_its_own(tenant, asked).await;
        for (_, id) in asked {
            for other in tenants.iter().filter(|other| other.id != tenant.id) {
                other.admin.get(&format!("/api/v1/scans/{id}")).await.problem(404);
                let none = other.admin.get(&format!("/api/v1/findings?scan_id={id}")).await.expect(200);
                assert_eq!(none["items"], Value::Array(Vec::new()));
            }
        }
    }
    let log = workers.iter().map(Server::log).collect::<String>();
    assert!(!log.contains("panicked"), "{log}");
    for worker in workers {
        assert!(worker.stop().await.success());
    }
}

async fn sees_its_own(tenant: &Tenant, asked: &[(&str, String)]) {
    for (check, id) in asked {
        let scan = completed(&tenant.admin, id).await;
        assert_eq!(
            (&scan["partial"], &scan["progress"]["checks_done"]),
            (&false.into(), &1.into()),
            "{scan}"
        );
        let found = findings(&tenant.admin, id).await;
        assert_eq!(found.len(), if *check == SQS { 1 } else { BUCKETS }, "{check}: {found:?}");
    }
    let list = tenant.admin.get("/api/v1/scans").await.expect(200);
    let mut seen: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|scan| scan["id"].as_str().unwrap()).collect();
    seen.reverse();
    assert_eq!(seen, asked.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>());
    let all = tenant.admin.get("/api/v1/findings?limit=1000").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 3 * BUCKETS + 1);
}
