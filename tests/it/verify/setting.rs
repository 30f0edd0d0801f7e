//! A server of its own with a log in it, and a hand in its database.

use custody_testkit::{TestDatabase, eventually};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::{Server, Tenant, server::Options};

/// In the log to begin with; more than a tile, so that some entries are in a full one.
pub(super) const ENTRIES: u64 = 300;
/// Those of them that are Custody's own: the tenant's making, and its callers' tokens'.
const OWN: u64 = 5;

/// Each `verify` leaves an entry in the log that it verifies (`custody.log.copied`, which the coverage tests
/// look for): here that would change what the tests have their hands in.
const COPIES_ARE_NOT_TOLD: &str = "CREATE FUNCTION not_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.change ->> 'action' = 'custody.log.copied' THEN RETURN NULL; END IF; RETURN NEW; END $$;
    CREATE TRIGGER not_told BEFORE INSERT ON audit_outbox FOR EACH ROW EXECUTE FUNCTION not_told()";

pub(super) struct Setting {
    pub(super) server: Server,
    pub(super) tenant: Tenant,
    database: String,
}

/// How `custody verify` ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Setting {
    pub(super) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        let database = TestDatabase::create().await.url().to_owned();
        let server = Server::start(Options { database: Some(database.clone()), ..options }).await;
        let tenant = server.tenant().await;
        let setting = Self { server, tenant, database };
        setting.sql(COPIES_ARE_NOT_TOLD).await;
        setting.signed(OWN).await;
        setting.write(OWN..ENTRIES).await;
        setting
    }

    /// Writes the entries with these `seq`s, which stand in them, and waits until they are signed.
    pub(super) async fn write(&self, seqs: std::ops::Range<u64>) {
        let entries: Vec<Value> = (seqs.clone())
            .map(|n| {
                json!({"action": format!("order.{n}"), "actor": {"id": "u1", "name": "Zoë \"Z\""}, "ip": "192.0.2.7",
                    "resource": {"type": "order", "id": format!("o{n}")}, "severity": "ERROR", "outcome": "failure",
                    "occurred_at": "2026-03-01T12:00:00.5+02:00", "request_id": "r\n", "session_id": "s",
                    "producer": {"id": "shop", "seq": n}, "metadata": {"n": n, "price": 1.5, "deep": [[{}]]}})
            })
            .collect();
        let answer = self.tenant.writer.post("/api/v1/logs/bulk", &json!(entries)).await.expect(200);
        assert_eq!(answer["items"][0]["seq"], seqs.start, "{answer}");
        self.signed(seqs.end).await;
    }

    /// Waits until so many entries are signed.
    pub(super) async fn signed(&self, size: u64) {
        eventually("the checkpoint", || async {
            let note = self.tenant.auditor.get("/api/v1/log/checkpoint").await.bytes;
            let size_line = String::from_utf8(note).unwrap().lines().nth(1).unwrap().parse::<u64>().unwrap();
            (size_line >= size).then_some(())
        })
        .await;
    }

    /// As the owner of the tables, past row security.
    pub(super) async fn sql(&self, statements: &str) {
        as_owner(&self.database, &self.tenant.id, statements).await;
    }

    /// The same while no server runs; then one does again, started so.
    pub(super) async fn sql_while_stopped(self, statements: &str, options: Options) -> Self {
        let Self { server, tenant, database } = self;
        server.stop().await;
        as_owner(&database, &tenant.id, statements).await;
        let server = Server::start(Options { database: Some(database.clone()), ..options }).await;
        Self { tenant: tenant.at(&server), server, database }
    }

    /// A row's body, as it is stored.
    pub(super) async fn body(&self, seq: u64) -> (String, Vec<u8>) {
        let mut connection = PgConnection::connect(&self.database).await.unwrap();
        let mut tx = connection.begin().await.unwrap();
        sqlx::raw_sql("ALTER TABLE entries NO FORCE ROW LEVEL SECURITY").execute(&mut *tx).await.unwrap();
        let row: (uuid::Uuid, Vec<u8>) =
            sqlx::query_as("SELECT id, body FROM entries WHERE tenant_id = $1 AND seq = $2")
                .bind(self.tenant.id.parse::<uuid::Uuid>().unwrap())
                .bind(i64::try_from(seq).unwrap())
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        tx.rollback().await.unwrap();
        (row.0.to_string(), row.1)
    }

    /// Runs the binary as the tenant's auditor.
    pub(super) async fn custody(&self, args: &[&str]) -> Ended {
        self.custody_as(self.tenant.auditor.bearer(), args).await
    }

    pub(super) async fn custody_as(&self, token: &str, args: &[&str]) -> Ended {
        let output = self.server.command(args).env("CUSTODY_TOKEN", token).output().await.unwrap();
        Ended {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(super) async fn verify(&self) -> Ended {
        self.custody(&["verify", "--server"]).await
    }
}

async fn as_owner(database: &str, tenant: &str, statements: &str) {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let tables = ["entries", "heads", "trees", "tiles", "checkpoints", "anchors", "followers"];
    let off = tables.map(|table| format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;")).concat();
    let on = tables.map(|table| format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY;")).concat();
    let statements = statements.replace("$T", &format!("'{tenant}'"));
    let all = format!("BEGIN; {off} {statements}; {on} COMMIT");
    sqlx::raw_sql(AssertSqlSafe(all)).execute(&mut connection).await.unwrap();
}

impl Ended {
    #[track_caller]
    pub(super) fn proven(&self) {
        assert_eq!(self.code, 0, "{self:?}");
        assert!(self.out.starts_with("Proven: "), "{self:?}");
    }

    /// Exit code 1, and this said.
    #[track_caller]
    pub(super) fn tampered(&self, says: &str) {
        assert_eq!(self.code, 1, "{says}: {self:?}");
        assert!(self.out.starts_with("TAMPERED: ") && self.out.contains(says), "{says}: {self:?}");
    }

    /// Exit code 2, and this said.
    #[track_caller]
    pub(super) fn unfinished(&self, says: &str) {
        assert_eq!(self.code, 2, "{says}: {self:?}");
        assert!(self.err.contains(says), "{says}: {self:?}");
    }
}
