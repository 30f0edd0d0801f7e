//! A database of one's own on the server that `scripts/with-postgres` started.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// An empty database with a random name. It is not dropped: the server that holds it is thrown away.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    url: String,
    name: String,
}

impl TestDatabase {
    /// Creates one, empty.
    pub async fn create() -> Self {
        Self::create_from(None).await
    }

    /// Creates one as a copy of another, to which nobody may be connected.
    pub async fn create_from(template: Option<&str>) -> Self {
        let server = server_url();
        let name = format!("t_{}", &Uuid::new_v4().simple().to_string()[..12]);
        let mut connection = connect().await;
        let template = template.map(|t| format!(" TEMPLATE {t}")).unwrap_or_default();
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}{template}")))
            .execute(&mut connection)
            .await
            .expect("a database can be created");
        connection.close().await.expect("the connection closes");
        let base = server.rsplit_once('/').expect("the URL names a database").0;
        Self { url: format!("{base}/{name}"), name }
    }

    /// The owner's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

fn server_url() -> String {
    std::env::var("CUSTODY_TEST_DATABASE_URL")
        .expect("CUSTODY_TEST_DATABASE_URL is not set; run the test under scripts/with-postgres")
}

async fn connect() -> PgConnection {
    PgConnection::connect(&server_url()).await.expect("the test server answers")
}
