//! The ledger's dictionary: made from the samples, and measured on what it has not seen. Here,
//! because only here is it known what an entry made of a sample looks like.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "in a test a panic is the report")]

use chrono::Utc;
use custody_domain::{Body, TenantId, commitment};
use custody_ledger::codec;
use uuid::Uuid;

use crate::{
    Format, MaskPolicy,
    mask::Masker,
    prepare::{self, Setting},
    recorded_by::RecordedBy,
    sample,
    submit::new_salt,
};

/// The bodies that the ledger would keep of these events.
fn bodies(events: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let masker = Masker::new(&MaskPolicy::default()).unwrap();
    let recorded_by = RecordedBy {
        principal: format!("key:{}", Uuid::new_v4()),
        credential_id: Some(Uuid::new_v4()),
        via: "POST /api/v1/logs/bulk".to_owned(),
        peer_ip: Some("198.51.100.7".parse().unwrap()),
    };
    let setting = Setting {
        tenant: TenantId(Uuid::new_v4()),
        masker: &masker,
        recorded_by: &recorded_by,
        received_at: Utc::now(),
    };
    events
        .filter_map(|event| {
            let event = prepare::read(&event, Format::Auto, &masker).ok()?;
            let content = event.mask(setting.masker).and_then(|event| event.into_content(&setting)).ok()?;
            let salt = new_salt();
            let content = commitment::commit(&content, &salt).canonical;
            Some(Body::Full { salt, content }.encode())
        })
        .collect()
}

/// Makes a dictionary that fits the samples as they are now. A dictionary that was released is
/// never changed, because rows need it: give the new one the next number here and in
/// `custody_ledger::codec`, and run
/// `cargo test -p custody-ingest --lib train_the_dictionary -- --ignored`.
#[test]
#[ignore = "writes a file of the ledger; the comment says when"]
fn train_the_dictionary() {
    const NUMBER: u32 = 2;
    const BYTES_MAX: usize = 32 * 1024;
    const EVENTS_OF_A_FORMAT: usize = 8_000;
    let mut samples = bodies(sample::cloudtrail(1, EVENTS_OF_A_FORMAT));
    samples.extend(bodies(sample::native(1, EVENTS_OF_A_FORMAT)));
    let mut dictionary = zstd::dict::from_samples(&samples, BYTES_MAX).unwrap();
    // Magic number, then the dictionary's own (RFC 8878, section 5), random until now. A small one
    // costs one byte in each frame.
    dictionary[4..8].copy_from_slice(&NUMBER.to_le_bytes());
    let path = format!("{}/../ledger/dictionaries/{NUMBER:04}.dict", env!("CARGO_MANIFEST_DIR"));
    // Never over one that is there: rows need it.
    std::io::Write::write_all(&mut std::fs::File::create_new(path).unwrap(), &dictionary).unwrap();
}

/// Mean bytes of a body: as it is, compressed alone, compressed with the dictionary.
fn measure(what: &str, bodies: &[Vec<u8>]) -> [usize; 3] {
    let mean = |len: &dyn Fn(&Vec<u8>) -> usize| bodies.iter().map(len).sum::<usize>() / bodies.len();
    let sizes = [
        mean(&|body| body.len()),
        mean(&|body| codec::compress_plain(body).unwrap().len()),
        mean(&|body| codec::compress(body).unwrap().len()),
    ];
    let started = std::time::Instant::now();
    let _ = mean(&|body| codec::compress(body).unwrap().len());
    let [raw, plain, with] = sizes;
    let (count, took) = (bodies.len(), started.elapsed() / u32::try_from(bodies.len()).unwrap());
    eprintln!("{what}: {count} bodies, {raw} bytes, {plain} without a dictionary, {with} with it ({took:?})");
    sizes
}

#[test]
fn the_dictionary_pays_on_events_it_has_not_seen() {
    for (what, bodies) in [
        ("CloudTrail, generated", bodies(sample::cloudtrail(77, 1_000))),
        ("native, generated", bodies(sample::native(77, 1_000))),
    ] {
        let [_, plain, with] = measure(what, &bodies);
        assert!(with * 2 < plain, "{what}");
    }
}

#[test]
fn the_dictionary_pays_on_real_cloudtrail() {
    let Some(folder) = custody_testkit::data::path("cloudtrail") else { return };
    let mut events = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let Ok(file) =
            serde_json::from_slice::<serde_json::Value>(&std::fs::read(file.unwrap().path()).unwrap())
        else {
            continue;
        };
        events.extend(file["Records"].as_array().into_iter().flatten().map(ToString::to_string));
    }
    let bodies = bodies(events.into_iter().map(String::into_bytes));
    let [_, plain, with] = measure("CloudTrail, real", &bodies);
    assert!(with < plain, "{with} with the dictionary, {plain} without");
}
