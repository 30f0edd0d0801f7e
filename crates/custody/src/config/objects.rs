//! Where files stay, and what S3 is told about them.

use std::str::FromStr;

use anyhow::Context as _;
use custody_objects::{Objects, S3Options};
use serde::{Deserialize, Deserializer};

use super::Config;

/// `bucket`, `aes256`, `kms:KEY_ID`.
#[derive(Clone, Debug)]
pub(crate) struct Encryption(custody_objects::Encryption);

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LockMode {
    Governance,
    Compliance,
}

impl FromStr for Encryption {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text.split_once(':') {
            None if text == "bucket" => custody_objects::Encryption::Bucket,
            None if text == "aes256" => custody_objects::Encryption::Aes256,
            Some(("kms", key)) if !key.is_empty() => {
                custody_objects::Encryption::Kms { key_id: key.to_owned(), bucket_key: true }
            }
            _ => return Err("encryption is `bucket`, `aes256` or `kms:KEY_ID`"),
        }))
    }
}

impl<'de> Deserialize<'de> for Encryption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Config {
    /// Opens it; of S3 nothing is asked yet.
    pub(crate) fn open_objects(&self) -> anyhow::Result<Objects> {
        let Some(url) = &self.objects else {
            let folder = std::path::absolute(self.data_dir.join("objects"))?;
            return Objects::directory(&folder)
                .with_context(|| format!("the folder {} cannot be used for objects", folder.display()));
        };
        let options = S3Options {
            encryption: self.objects_encryption.0.clone(),
            lock_mode: match self.objects_lock_mode {
                LockMode::Governance => custody_objects::LockMode::Governance,
                LockMode::Compliance => custody_objects::LockMode::Compliance,
            },
            ..S3Options::default()
        };
        Objects::open(url, options).context("the setting objects (--objects, CUSTODY_OBJECTS)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_the_buckets_or_named() {
        let read = |text: &str| text.parse::<Encryption>().map(|encryption| encryption.0);
        assert_eq!(read("bucket"), Ok(custody_objects::Encryption::Bucket));
        assert_eq!(read("aes256"), Ok(custody_objects::Encryption::Aes256));
        let kms =
            custody_objects::Encryption::Kms { key_id: "arn:aws:kms:x:1:key/2".to_owned(), bucket_key: true };
        assert_eq!(read("kms:arn:aws:kms:x:1:key/2"), Ok(kms));
        assert!(["", "kms", "kms:", "AES256"].into_iter().all(|text| read(text).is_err()));
    }
}
