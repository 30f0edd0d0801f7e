#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

mod api_keys;
mod house;
mod issued;
mod outside;
mod rotation;
mod sessions;
mod tickets;
mod tokens;

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use custody_domain::{KeyId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use uuid::Uuid;

use self::house::{ACME, House, OTHER, Rows, encoded, member, now, record, secs};
use super::*;
use crate::{
    IssuerKey, Mapping, NewSigningKey, Operation, SecretHash, SigningKeyRecord, TicketRecord, signing,
};
