//! A query parameter that an operation does not have is refused, whichever operation it is.

use custody_auth::Operation;
use uuid::Uuid;

use super::Called;
use crate::support::{Api, shared};

/// Whether `called` takes a parameter that nobody has.
async fn takes_anything(called: Called, api: &Api) -> Option<String> {
    let asked = Called { route: format!("{}?zzz=1", called.route).leak(), ..called };
    let answer = asked.call(api, &Uuid::now_v7().to_string()).await;
    let names_it = answer.status == 400 && answer.problem(400)["errors"][0]["parameter"] == "zzz";
    (!names_it).then(|| format!("{}: {}", called.id, answer.status))
}

#[tokio::test]
async fn no_operation_takes_a_parameter_that_it_does_not_have() {
    let tenant = shared().await.tenant().await;
    let mut wrong = Vec::new();
    for operation in Operation::ALL {
        wrong.extend(takes_anything((*operation).into(), &tenant.admin).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_operation_that_takes_anything_is_found() {
    let server = shared().await;
    let broken = Called { id: "broken", route: "GET /healthz" };
    assert!(takes_anything(broken, &server.anonymous()).await.is_some());
}
