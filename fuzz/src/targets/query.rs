//! The query language.

use custody_domain::{
    Entry, EntryId, TenantId,
    json::Value,
    query::{parse, tokens},
};
use uuid::Uuid;

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match parse(&text) {
        Ok(query) => {
            let rendered = query.render();
            match parse(&rendered) {
                Ok(again) => assert_eq!(again, query, "what is rendered reads back"),
                // Rendering spells out what was short.
                Err(error) => assert!(rendered.len() > text.len(), "{rendered}: {error}"),
            }
            let mut content = custody_domain::json::Object::new();
            content.insert("message", Value::from(text.clone().into_owned()));
            let entry = Entry {
                tenant_id: TenantId::RESERVED,
                id: EntryId(Uuid::from_u128(0x0193_2f5e_7b1c_7c2a_9d5e_0a2b_3c4d_5e6f)),
                seq: 0,
                leaf_hash: [0; 32],
                content: Value::Object(content),
            };
            query.matches(&entry);
        }
        Err(error) => assert!(error.position <= text.chars().count(), "{error}"),
    }
    tokens(&text);
}
