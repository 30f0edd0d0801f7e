//! The SDK's client, with every wait bounded.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sqs::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
};

const CONNECT: Duration = Duration::from_secs(3);
/// A request with its repetitions.
const OPERATION_MAX: Duration = Duration::from_secs(30);
/// The first among them.
const ATTEMPTS_MAX: u32 = 3;

/// Credentials, region and endpoint where the SDK looks for them: the environment, the profile, a web
/// identity, the container's or the instance's role.
pub async fn from_environment() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12()).load().await
}

pub(super) fn client(shared: &SdkConfig, attempt: Duration) -> Client {
    let config = Builder::from(shared)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts(attempt, Duration::ZERO))
        .build();
    Client::from_conf(config)
}

/// Of a request that SQS may let wait for so long before it answers.
pub(super) fn timeouts(attempt: Duration, wait: Duration) -> TimeoutConfig {
    let attempt = attempt.saturating_add(wait);
    TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(attempt))
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt.saturating_mul(ATTEMPTS_MAX).min(OPERATION_MAX.max(wait)))
        .build()
}
