//! Files that stay: what jobs leave behind, anchors, later archives and backups. One port, a local
//! directory and S3 behind it.
//!
//! May know: a tenant's [`Scope`](custody_auth::Scope), the file system, S3. Must not: know PostgreSQL or
//! HTTP, what is in a file, or reach a tenant's prefix without its scope.
