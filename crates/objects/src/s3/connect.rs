//! From a URL, settings and the environment to a client.

use std::{sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig, StaticCredentialProvider,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, Checksum, S3ConditionalPut},
    client::{HttpConnector as _, ReqwestConnector},
};
use tokio::sync::OnceCell;
use url::Url;

use super::{LARGE_ATTEMPTS, S3, answer, request::Connector};
use crate::{Encryption, ObjectsError, S3Options};

/// Attempts after the first.
const RETRIES_MAX: usize = 4;

pub(super) fn open(url: &Url, options: S3Options) -> Result<S3, ObjectsError> {
    let bucket = url.host_str().filter(|bucket| !bucket.is_empty());
    let bucket = bucket.ok_or_else(|| ObjectsError::refused("s3://bucket/prefix names no bucket"))?;
    let prefix = prefix(url)?;
    let builder = settings(bucket, &options)?;
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region).unwrap_or_default();

    // Credentials may be asked of a server in the machine or the container, whose client has nothing
    // to do with S3's; so they come from a store that is not used for anything else.
    let plain = build(builder.clone())?;
    let connector = Connector { credentials: Arc::clone(plain.credentials()), region };
    let with = |attempt: Duration, total: Duration| {
        build(
            builder
                .clone()
                .with_credentials(Arc::clone(plain.credentials()))
                .with_client_options(client(&builder, &options, attempt))
                .with_retry(retry(total))
                .with_http_connector(connector.clone()),
        )
    };
    let small = with(options.attempt_timeout, options.total_timeout)?;
    let large = with(options.part_timeout, options.part_timeout * (LARGE_ATTEMPTS - 1))?;
    let http = ReqwestConnector::default()
        .connect(&client(&builder, &options, options.attempt_timeout))
        .map_err(|error| answer::error(&error))?;
    Ok(S3 { small, large, http, prefix, options, has_lock: OnceCell::new() })
}

/// What S3 is told with every request.
fn settings(bucket: &str, options: &S3Options) -> Result<AmazonS3Builder, ObjectsError> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // One DELETE each: the answer is then that object's own.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if builder.get_config_value(&AmazonS3ConfigKey::Region).is_none() {
        builder = builder.with_region("us-east-1");
    }
    if let Some(credentials) = &options.credentials {
        let credential = AwsCredential {
            key_id: credentials.access_key_id.clone(),
            secret_key: credentials.secret_access_key.clone(),
            // Not the environment's, which belongs to another pair.
            token: None,
        };
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(credential)));
    }
    match &options.encryption {
        Encryption::Bucket => Ok(builder),
        Encryption::Aes256 => with(builder, "aws_server_side_encryption", "AES256"),
        Encryption::Kms { key_id, bucket_key } => {
            Ok(builder.with_sse_kms_encryption(key_id).with_bucket_key(*bucket_key))
        }
    }
}

fn with(builder: AmazonS3Builder, name: &str, value: &str) -> Result<AmazonS3Builder, ObjectsError> {
    let key: AmazonS3ConfigKey = name.parse().map_err(|error| answer::error(&error))?;
    Ok(builder.with_config(key, value))
}

/// A read timeout is the time in which the next bytes must come: for all of an upload, and for each
/// piece of a download, which may be as long as it likes.
fn client(builder: &AmazonS3Builder, options: &S3Options, attempt: Duration) -> ClientOptions {
    let value = |key| builder.get_config_value(&key);
    let endpoint = value(AmazonS3ConfigKey::S3Endpoint).or_else(|| value(AmazonS3ConfigKey::Endpoint));
    ClientOptions::new()
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
        .with_connect_timeout(options.connect_timeout)
        .with_read_timeout(attempt)
        .with_timeout_disabled()
}

fn retry(total: Duration) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(3),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: total }
}

fn build(builder: AmazonS3Builder) -> Result<AmazonS3, ObjectsError> {
    builder.build().map_err(|error| ObjectsError::refused(format!("S3's settings: {error}")))
}

/// With a slash at its end, or empty.
fn prefix(url: &Url) -> Result<String, ObjectsError> {
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.port().is_some()
    {
        return Err(ObjectsError::refused("s3://bucket/prefix has a bucket and a prefix, and nothing else"));
    }
    let prefix = url.path().trim_matches('/');
    if prefix.is_empty() {
        return Ok(String::new());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let parts = |part: &str| !part.is_empty() && part != "." && part != "..";
    if prefix.chars().all(plain) && prefix.split('/').all(parts) {
        Ok(format!("{prefix}/"))
    } else {
        Err(ObjectsError::refused("the prefix may have letters, digits, '.', '_', '-' and single slashes"))
    }
}
