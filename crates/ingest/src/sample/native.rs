//! Entries in Custody's own form, as the company's applications send them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{company::PEOPLE, rng::Rng};

pub(super) fn entry(rng: &mut Rng, at: DateTime<Utc>) -> Value {
    let person = rng.pick(PEOPLE);
    let mut entry = match rng.between(0, 100) {
        0..30 => shipment(rng),
        30..50 => session(rng),
        50..65 => document(rng),
        65..80 => invoice(rng),
        80..92 => permission(rng),
        _ => settings(rng),
    };
    entry["occurred_at"] = json!(at.to_rfc3339_opts(SecondsFormat::Millis, true));
    entry["actor"] = json!({
        "type": "user", "id": format!("{}@larkspur.example", person.name), "name": display_name(person.name),
    });
    entry["ip"] = json!(person.ip);
    entry["session_id"] = json!(format!("s-{}", rng.hex(16)));
    entry["request_id"] = json!(rng.uuid());
    entry["event_id"] = json!(rng.uuid());
    entry["user_agent"] = json!("Larkspur-Web/4.18 (Chrome 131; Linux)");
    entry
}

fn display_name(login: &str) -> String {
    let mut words = Vec::new();
    for word in login.split('.') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            words.push(format!("{}{}", first.to_uppercase(), letters.as_str()));
        }
    }
    words.join(" ")
}

fn shipment(rng: &mut Rng) -> Value {
    let id = format!("SHP-{}", rng.between(100_000, 999_999));
    let states = ["booked", "collected", "in_transit", "at_customs", "delivered"];
    let at = rng.between(0, 4) as usize;
    json!({
        "action": "shipment.updated", "severity": "INFO", "outcome": "success",
        "resource": {"type": "shipment", "id": id, "name": format!("Shipment {id}")},
        "message": format!("Shipment {id} went from {} to {}", states[at], states[at + 1]),
        "before": {"status": states[at], "eta": "2026-02-11", "weight_kg": rng.between(1, 900)},
        "after": {"status": states[at + 1], "eta": "2026-02-12"},
        "metadata": {"service": "shipment-service", "version": "2026.2.1", "carrier": *rng.pick(&["Nordlys", "Passat", "Meltemi"])},
    })
}

fn session(rng: &mut Rng) -> Value {
    let good = rng.chance(88);
    json!({
        "action": if rng.chance(70) { "session.started" } else { "session.ended" },
        "severity": if good { "INFO" } else { "WARNING" },
        "outcome": if good { "success" } else { "failure" },
        "resource": {"type": "application", "id": "larkspur-web"},
        "message": if good { "Signed in" } else { "Sign-in refused: wrong one-time code" },
        "metadata": {"service": "identity", "method": *rng.pick(&["password", "passkey", "sso"]), "mfa": rng.chance(60)},
    })
}

fn document(rng: &mut Rng) -> Value {
    let id = rng.uuid();
    json!({
        "action": *rng.pick(&["document.viewed", "document.downloaded", "document.shared"]),
        "severity": "INFO", "outcome": "success",
        "resource": {"type": "document", "id": id, "name": *rng.pick(&["Customs declaration.pdf", "Bill of lading.pdf", "Rate card 2026.xlsx"])},
        "message": "A document was opened",
        "metadata": {"service": "documents", "size_bytes": rng.between(9_000, 4_000_000), "classification": "internal"},
    })
}

fn invoice(rng: &mut Rng) -> Value {
    let id = format!("INV-{}", rng.between(10_000, 99_999));
    let cents = rng.between(10_000, 900_000);
    json!({
        "action": *rng.pick(&["invoice.issued", "invoice.paid", "invoice.cancelled"]),
        "severity": "INFO", "outcome": "success",
        "resource": {"type": "invoice", "id": id},
        "message": format!("Invoice {id} over {}.{:02} EUR", cents / 100, cents % 100),
        "metadata": {"service": "billing", "currency": "EUR", "amount_cents": cents, "customer": format!("C-{}", rng.between(1_000, 2_000))},
    })
}

fn permission(rng: &mut Rng) -> Value {
    let who = rng.pick(PEOPLE).name;
    let role = *rng.pick(&["dispatcher", "accountant", "administrator"]);
    json!({
        "action": *rng.pick(&["permission.granted", "permission.revoked"]),
        "severity": if role == "administrator" { "WARNING" } else { "INFO" }, "outcome": "success",
        "resource": {"type": "user", "id": format!("{who}@larkspur.example"), "name": display_name(who)},
        "message": format!("{} may act as {role}", display_name(who)),
        "before": {"roles": ["viewer"]}, "after": {"roles": ["viewer", role]},
        "metadata": {"service": "identity", "ticket": format!("OPS-{}", rng.between(100, 9_999))},
    })
}

/// The careless application: it logs a credential, which the mask is there to catch.
fn settings(rng: &mut Rng) -> Value {
    json!({
        "action": "integration.configured", "severity": "WARNING", "outcome": "success",
        "resource": {"type": "integration", "id": *rng.pick(&["carrier-nordlys", "carrier-passat", "mail-relay"])},
        "message": "Connection settings were saved",
        "before": {"endpoint": "https://api.nordlys.example/v2", "password": rng.text("abcdefghjkmnpqrstuvwxyz23456789", 14)},
        "after": {"endpoint": "https://api.nordlys.example/v3", "password": rng.text("abcdefghjkmnpqrstuvwxyz23456789", 14)},
        "metadata": {"service": "integrations", "authorization": format!("Bearer {}", rng.text("abcdefghijklmnopqrstuvwxyz0123456789", 40))},
    })
}
