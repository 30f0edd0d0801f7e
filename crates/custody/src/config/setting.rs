//! The table of settings. `docs/configuration.md` is made from it, `custody config` prints it.

/// One setting: a key of the configuration file, an environment variable and a flag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Key in the file; the flag is the same with dashes.
    pub(crate) key: &'static str,
    pub(crate) env: &'static str,
    /// As in a file; empty where there is none.
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
    /// Its value is never printed.
    pub(crate) secret: bool,
}

const fn setting(key: &'static str, env: &'static str, default: &'static str, doc: &'static str) -> Setting {
    Setting { key, env, default, doc, secret: false }
}

impl Setting {
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

#[rustfmt::skip]
pub(crate) const SETTINGS: &[Setting] = &[
    setting("data_dir", "CUSTODY_DATA_DIR", "", "Folder for the master key and, without DATABASE_URL, the private PostgreSQL. Default: /var/lib/custody as root, else $XDG_DATA_HOME/custody."),
    setting("listen", "CUSTODY_LISTEN", "127.0.0.1:8080", "Address and port of the HTTP server."),
    Setting { key: "database_url", env: "DATABASE_URL", default: "", doc: "A PostgreSQL 15 or newer, as the user who owns the schema (needs CREATEROLE once). Without it a private server is run under data_dir.", secret: true },
    setting("keys", "CUSTODY_KEYS", "local", "What wraps stored secrets: `local`, a master key file in data_dir."),
    setting("log_name", "CUSTODY_LOG_NAME", "", "Name of this installation's logs in checkpoints and tokens; fixed at first start. Default: custody- and 16 random hexadecimal digits."),
    setting("pg_bin", "CUSTODY_PG_BIN", "", "Folder of PostgreSQL server binaries for the private server. Default: looked for, else fetched."),
    setting("pool_app", "CUSTODY_POOL_APP", "8", "Connections for reading and changing one tenant's rows. Each request holds one for a few milliseconds."),
    setting("pool_writer", "CUSTODY_POOL_WRITER", "4", "Connections that append to the log."),
    setting("pool_system", "CUSTODY_POOL_SYSTEM", "6", "Connections for credentials (cached for 5 s), followers and housekeeping. One more, beside the pools, listens for other servers."),
    setting("pool_reaper", "CUSTODY_POOL_REAPER", "1", "Connections that erase. Rarely used."),
    setting("prepared_statements", "CUSTODY_PREPARED_STATEMENTS", "true", "Set false behind a pooler in transaction mode that does not follow prepared statements (PgBouncer before 1.21)."),
    setting("partitions_ahead_days", "CUSTODY_PARTITIONS_AHEAD_DAYS", "7", "How many days' partitions are made ahead."),
    setting("tls_cert", "CUSTODY_TLS_CERT", "", "PEM file with the certificate chain; with tls_key, the server speaks HTTPS."),
    setting("tls_key", "CUSTODY_TLS_KEY", "", "PEM file with the private key of tls_cert."),
    setting("trusted_proxies", "CUSTODY_TRUSTED_PROXIES", "", "Networks whose X-Forwarded-For is believed, with commas (10.0.0.0/8). The first hop outside them is the client."),
    setting("internal_networks", "CUSTODY_INTERNAL_NETWORKS", "127.0.0.0/8,::1/128", "Networks that may read /metrics and the details of /readyz, with commas."),
    setting("cors_origins", "CUSTODY_CORS_ORIGINS", "", "Origins that browsers may call from, with commas. None: CORS is off."),
    setting("body_limit_bytes", "CUSTODY_BODY_LIMIT_BYTES", "33554432", "Largest request body other than that of POST /logs/bulk, after decompression. More is answered 413. POST /logs takes 2 MiB at most, other JSON 256 KiB."),
    setting("bulk_limit_bytes", "CUSTODY_BULK_LIMIT_BYTES", "4294967296", "Largest body of POST /logs/bulk, after decompression; it is worked on as it comes and never held. What comes past it is answered `retry`."),
    setting("spool_limit_bytes", "CUSTODY_SPOOL_LIMIT_BYTES", "2147483648", "Bytes in data_dir/spool, all requests together, for answers to bulk requests of more than about 18,000 items: 57 bytes an item. What comes past it is answered `retry`."),
    setting("read_timeout_seconds", "CUSTODY_READ_TIMEOUT_SECONDS", "30", "How long a client may take to send its headers, and between two pieces of its body. Slower is answered 408."),
    setting("rate_limit_tenant", "CUSTODY_RATE_LIMIT_TENANT", "60000", "Requests a minute of one tenant, per node. 0: no limit."),
    setting("rate_limit_credential", "CUSTODY_RATE_LIMIT_CREDENTIAL", "30000", "Requests a minute of one key, session or token, per node. 0: no limit."),
    setting("rate_limit_address", "CUSTODY_RATE_LIMIT_ADDRESS", "60000", "Requests a minute from one address, per node, signed in or not. 0: no limit."),
    setting("quarantine_items_max", "CUSTODY_QUARANTINE_ITEMS_MAX", "100000", "Items that one tenant's quarantine holds; past it they are answered `retry`."),
    setting("quarantine_bytes_max", "CUSTODY_QUARANTINE_BYTES_MAX", "268435456", "Bytes that one tenant's quarantine holds."),
    setting("search", "CUSTODY_SEARCH", "tantivy", "What answers searches: `tantivy`, an index in data_dir; `opensearch+http://host:9200` or `opensearch+https://user:password@host`, an OpenSearch that all servers of the installation share. No password is printed."),
    setting("search_own_indices", "CUSTODY_SEARCH_OWN_INDICES", "", "With OpenSearch: ids of tenants with indices of their own, with commas. A change counts from the next `custody rebuild search` on."),
    setting("search_shards", "CUSTODY_SEARCH_SHARDS", "4", "With OpenSearch: shards of an index, of which there is one a week. A change counts from the next `custody rebuild search` on."),
    setting("search_rows_max", "CUSTODY_SEARCH_ROWS_MAX", "20000", "Entries that one search request reads at most before it answers with a cursor to go on."),
    setting("queue", "CUSTODY_QUEUE", "postgres", "What hands jobs to workers: `postgres`, the database alone; `sqs`, Amazon SQS beside it, with credentials, region and endpoint from AWS_*."),
    setting("sqs_queue", "CUSTODY_SQS_QUEUE", "custody-jobs", "With queue = `sqs`: the name of a standard queue, made where there is none, or the URL of one. It is this installation's alone."),
    setting("sqs_dead_letters", "CUSTODY_SQS_DEAD_LETTERS", "", "The same for messages that could not be handled. Default: the queue's name and `-dead`."),
    setting("job_slots", "CUSTODY_JOB_SLOTS", "16", "How many jobs one worker runs at a time."),
    setting("job_kinds", "CUSTODY_JOB_KINDS", "", "Which kinds of job a worker runs, with commas, each with how many at a time where it differs: `anchor=2,health,*`. `*` stands for all others. Default: all."),
    setting("prowler", "CUSTODY_PROWLER", "", "Where Prowler is, for scans: a folder of a Python environment, or its python. Default: the one that `custody scan setup` makes in data_dir."),
    setting("scan_memory_bytes", "CUSTODY_SCAN_MEMORY_BYTES", "4294967296", "Memory of each process of a scan. 0: no limit."),
    setting("scan_processes", "CUSTODY_SCAN_PROCESSES", "16", "How many processes the scans of one worker may have together. Each scan has one in any case, and with `parallelism` as many more as there are places for."),
    setting("scan_demo", "CUSTODY_SCAN_DEMO", "true", "Whether tenants may scan an emulated account, which the worker starts for each such scan."),
    setting("scan_allow_local", "CUSTODY_SCAN_ALLOW_LOCAL", "false", "Whether scans may connect to this machine's own addresses, link-local ones and metadata services: for emulators, and nothing else."),
    setting("scan_profiles", "CUSTODY_SCAN_PROFILES", "", "Profiles of this machine's AWS configuration that tenants may name, with commas. They are the server's own credentials."),
    setting("objects", "CUSTODY_OBJECTS", "", "Where files stay: `file:///absolute/path`, or `s3://bucket/prefix` with credentials, region and endpoint from AWS_*. Default: the folder `objects` in data_dir."),
    setting("objects_encryption", "CUSTODY_OBJECTS_ENCRYPTION", "bucket", "How S3 encrypts them: `bucket`, as the bucket says; `aes256`, SSE-S3; `kms:KEY_ID`, SSE-KMS with a bucket key."),
    setting("objects_lock_mode", "CUSTODY_OBJECTS_LOCK_MODE", "governance", "How S3 Object Lock holds what must stay: `governance` or `compliance`."),
    setting("anchor_lock_days", "CUSTODY_ANCHOR_LOCK_DAYS", "0", "Days for which S3 Object Lock holds an anchored checkpoint, where the bucket has it. 0: not at all."),
    setting("drain_seconds", "CUSTODY_DRAIN_SECONDS", "20", "How long running requests may go on after a signal to stop."),
    setting("log", "CUSTODY_LOG", "info", "What is logged, as a tracing filter (info,custody_api=debug)."),
    setting("log_format", "CUSTODY_LOG_FORMAT", "text", "`text` or `json`, to standard error."),
];
