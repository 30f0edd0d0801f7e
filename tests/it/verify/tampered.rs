//! Each way to change the log through SQL, undone again before the next.

use custody_domain::{Body, EntryId, TenantId, leaf::leaf_hash};
use custody_ledger::codec;

use super::setting::{ENTRIES, Setting};

/// What is done, what undoes it, and what `verify` says.
struct Change {
    done: &'static str,
    undo: &'static str,
    says: &'static str,
}

const CHANGES: [Change; 16] = [
    Change {
        done: "UPDATE entries SET action = 'order.fine' WHERE tenant_id = $T AND seq = 17",
        undo: "UPDATE entries SET action = 'order.17' WHERE tenant_id = $T AND seq = 17",
        says: "has \"order.fine\" in the column action, and its body says \"order.17\"",
    },
    Change {
        done: "UPDATE entries SET severity = 0 WHERE tenant_id = $T AND seq = 18",
        undo: "UPDATE entries SET severity = 2 WHERE tenant_id = $T AND seq = 18",
        says: "has 0 in the column severity, and its body says 2",
    },
    Change {
        done: "UPDATE entries SET occurred_at = occurred_at + interval '1 microsecond' WHERE tenant_id = $T AND seq = 5",
        undo: "UPDATE entries SET occurred_at = occurred_at - interval '1 microsecond' WHERE tenant_id = $T AND seq = 5",
        says: "entry 5 (",
    },
    Change {
        done: "UPDATE entries SET ip = NULL WHERE tenant_id = $T AND seq = 19",
        undo: "UPDATE entries SET ip = '192.0.2.7' WHERE tenant_id = $T AND seq = 19",
        says: "has nothing in the column ip, and its body says 192.0.2.7/32",
    },
    Change {
        done: "UPDATE entries SET producer_seq = 99 WHERE tenant_id = $T AND seq = 20",
        undo: "UPDATE entries SET producer_seq = 20 WHERE tenant_id = $T AND seq = 20",
        says: "has 99 in the column producer_seq, and its body says 20",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq IN (40, 41); \
            UPDATE entries SET body = (SELECT body FROM kept WHERE seq = 41) WHERE tenant_id = $T AND seq = 40",
        undo: "UPDATE entries SET body = (SELECT body FROM kept WHERE seq = 40) WHERE tenant_id = $T AND seq = 40; \
            DROP TABLE kept",
        says: "does not lead to its leaf hash: its body or its id was changed",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq = 42; \
            UPDATE entries SET body = set_byte(body, 30, 255 - get_byte(body, 30)) WHERE tenant_id = $T AND seq = 42",
        undo: "UPDATE entries SET body = (SELECT body FROM kept) WHERE tenant_id = $T AND seq = 42; DROP TABLE kept",
        says: "entry 42 (",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq = 43; \
            UPDATE entries SET body = '\\x00' WHERE tenant_id = $T AND seq = 43",
        undo: "UPDATE entries SET body = (SELECT body FROM kept) WHERE tenant_id = $T AND seq = 43; DROP TABLE kept",
        says: "has a body that cannot be read",
    },
    Change {
        done: "UPDATE entries SET leaf_hash = sha256('other') WHERE tenant_id = $T AND seq = 44 \
            AND set_config('app.kept', encode(leaf_hash, 'hex'), false) <> ''; \
            CREATE TABLE kept AS SELECT decode(current_setting('app.kept'), 'hex') AS leaf_hash",
        undo: "UPDATE entries SET leaf_hash = (SELECT leaf_hash FROM kept) WHERE tenant_id = $T AND seq = 44; DROP TABLE kept",
        says: "entry 44 (",
    },
    // Two rows exchanged: their places …
    Change {
        done: "UPDATE entries SET seq = 101 - seq WHERE tenant_id = $T AND seq IN (50, 51)",
        undo: "UPDATE entries SET seq = 101 - seq WHERE tenant_id = $T AND seq IN (50, 51)",
        says: "entry 50",
    },
    // … or their ids, by which they are read.
    Change {
        done: "UPDATE entries e SET id = o.id FROM entries o WHERE e.tenant_id = $T AND o.tenant_id = $T \
            AND e.seq = 52 AND o.seq = 53 AND set_config('app.kept', e.id::text, false) <> '' AND false; \
            CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq IN (52, 53); \
            DELETE FROM entries WHERE tenant_id = $T AND seq IN (52, 53); \
            INSERT INTO entries SELECT (jsonb_populate_record(a, jsonb_build_object('id', b.id))).* FROM kept a, kept b WHERE a.seq <> b.seq",
        undo: "DELETE FROM entries WHERE tenant_id = $T AND seq IN (52, 53); INSERT INTO entries SELECT * FROM kept; DROP TABLE kept",
        says: "entry 52",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq = 60; \
            DELETE FROM entries WHERE tenant_id = $T AND seq = 60",
        undo: "INSERT INTO entries SELECT * FROM kept; DROP TABLE kept",
        says: "entry 60 is missing",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq >= 290; \
            DELETE FROM entries WHERE tenant_id = $T AND seq >= 290",
        undo: "INSERT INTO entries SELECT * FROM kept; DROP TABLE kept",
        says: "entry 290 and all up to entry 299 are missing",
    },
    // The head set back, with its rows gone: only what was signed still tells.
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM entries WHERE tenant_id = $T AND seq >= 295; \
            CREATE TABLE kept_head AS SELECT * FROM heads WHERE tenant_id = $T; \
            DELETE FROM entries WHERE tenant_id = $T AND seq >= 295; \
            UPDATE heads SET size = 295, last_id = (SELECT id FROM entries WHERE tenant_id = $T AND seq = 294) WHERE tenant_id = $T",
        undo: "INSERT INTO entries SELECT * FROM kept; UPDATE heads SET size = k.size, last_id = k.last_id \
            FROM kept_head k WHERE heads.tenant_id = k.tenant_id; DROP TABLE kept, kept_head",
        says: "entry 295 and what came after it was cut off: a checkpoint covers 300 entries, and the log says that it has 295",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM checkpoints WHERE tenant_id = $T; \
            UPDATE checkpoints SET note = replace(note, E'\\n300\\n', E'\\n299\\n') WHERE tenant_id = $T",
        undo: "DELETE FROM checkpoints WHERE tenant_id = $T; INSERT INTO checkpoints SELECT * FROM kept; DROP TABLE kept",
        says: "the kept checkpoint of size 300, made at ",
    },
    Change {
        done: "CREATE TABLE kept AS SELECT * FROM checkpoints WHERE tenant_id = $T; \
            UPDATE checkpoints SET root = sha256('other') WHERE tenant_id = $T",
        undo: "DELETE FROM checkpoints WHERE tenant_id = $T; INSERT INTO checkpoints SELECT * FROM kept; DROP TABLE kept",
        says: "says another epoch, size or root than the note that was signed",
    },
];

#[tokio::test]
async fn whatever_is_changed_in_the_database_is_found_and_named() {
    let setting = Setting::new().await;
    setting.verify().await.proven();
    for Change { done, undo, says } in CHANGES {
        setting.sql(done).await;
        setting.verify().await.tampered(says);
        setting.sql(undo).await;
    }
    setting.verify().await.proven();
    setting.server.stop().await;
}

/// Whoever changes a row can make its columns and its leaf hash fit. Then only what was signed tells:
/// the tree, and which entry it was, by the tiles.
#[tokio::test]
async fn an_entry_that_was_forged_with_its_leaf_is_found() {
    let setting = Setting::new().await;
    let tenant: TenantId = setting.tenant.id.parse().unwrap();
    for (seq, in_full_tile) in [(70, true), (ENTRIES - 1, false)] {
        let (id, frame) = setting.body(seq).await;
        let id: EntryId = id.parse().unwrap();
        let Body::Full { salt, content } = Body::decode(&codec::decompress(&frame).unwrap()).unwrap() else {
            panic!("nothing was erased");
        };
        let content = String::from_utf8(content).unwrap().replace("\"u1\"", "\"u2\"").into_bytes();
        let forged = Body::Full { salt, content };
        let leaf = leaf_hash(tenant, id, &forged.content_hash().unwrap());
        let body = codec::compress(&forged.encode()).unwrap();
        let put = |actor: &str, leaf: &[u8], body: &[u8]| {
            format!(
                "UPDATE entries SET actor_id = '{actor}', leaf_hash = '\\x{}', body = '\\x{}' WHERE tenant_id = $T AND seq = {seq}",
                hex::encode(leaf),
                hex::encode(body)
            )
        };
        setting.sql(&put("u2", &leaf, &body)).await;
        let ended = setting.verify().await;
        ended.tampered("do not lead to the signed root of size 300");
        if in_full_tile {
            ended.tampered(&format!("entry {seq} ({id}) was changed together with its leaf hash"));
        }
        let original = Body::decode(&codec::decompress(&frame).unwrap()).unwrap();
        let leaf = leaf_hash(tenant, id, &original.content_hash().unwrap());
        setting.sql(&put("u1", &leaf, &frame)).await;
    }
    setting.verify().await.proven();
    setting.server.stop().await;
}

/// Erasing keeps every proof: what is gone is gone, and the rest is still what was committed to.
#[tokio::test]
async fn a_redacted_entry_is_proven_and_a_changed_one_is_not() {
    let setting = Setting::new().await;
    let (_, frame) = setting.body(80).await;
    let body = Body::decode(&codec::decompress(&frame).unwrap()).unwrap();
    let redacted = body.redact(&["/action", "/metadata"]).unwrap();
    let put = |body: &Body| {
        let frame = hex::encode(codec::compress(&body.encode()).unwrap());
        format!("UPDATE entries SET action = NULL, body = '\\x{frame}' WHERE tenant_id = $T AND seq = 80")
    };
    setting.sql(&put(&redacted)).await;
    setting.verify().await.proven();
    let Body::Redacted { content, salts, mut erased } = redacted else { panic!("it was redacted") };
    erased.pop();
    setting.sql(&put(&Body::Redacted { content, salts, erased })).await;
    setting.verify().await.tampered("entry 80 (");
    setting.server.stop().await;
}
