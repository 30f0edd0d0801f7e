//! The ledger's dictionary: made from the samples, and measured on what it has not seen. Here,
//! because only here is it known what an entry made of a sample looks like.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "in a test a panic is the report")]

use chrono::Utc;
use custody_domain::{Body, TenantId, commitment};
use custody_ledger::codec;
use custody_testkit::entries;
use uuid::Uuid;

use crate::{
    Format, MaskPolicy,
    mask::Masker,
    prepare::{self, Setting},
    recorded_by::RecordedBy,
    sample,
    submit::new_salt,
};

/// Programs that call AWS and other services, as they name themselves: in most entries this is the
/// longest text, and the same all over the world but for its numbers.
const CLIENTS: &[&str] = &[
    "aws-cli/1.36.5 md/Botocore#1.35.64 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.10.12 md/pyimpl#CPython cfg/retry-mode#legacy botocore/1.35.64",
    "aws-sdk-go/1.55.5 (go1.22.7; linux; amd64)",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) terraform-provider-aws/4.67.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/1.55.5 (go1.20.14; linux; amd64)",
    "APN/1.0 HashiCorp/1.0 Terraform/1.3.9 (+https://www.terraform.io) terraform-provider-aws/5.31.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/1.49.6 (go1.21.5; darwin; arm64) HashiCorp-terraform-exec/0.19.0",
    "Boto3/1.34.131 Python/3.9.19 Linux/4.14.255-276-224.499.amzn2.x86_64 exec-env/AWS_Lambda_python3.9 Botocore/1.34.131",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.226-192.879.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.412-b09 java/1.8.0_412 vendor/Oracle_Corporation cfg/retry-mode/standard]",
    "AWS Internal",
    "cloudtrail.amazonaws.com",
    "AWSPowerShell/4.1.690 .NET_Runtime/4.0 OS/Microsoft_Windows_NT_10.0.20348.0 WindowsPowerShell/5.0 ClientSync",
    "kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "okhttp/4.12.0",
    "Go-http-client/2.0",
    "PostmanRuntime/7.42.0",
];

/// Who may have sent an event: another one for each few hundred, so that none is learnt by heart.
fn sender(rng: &mut impl FnMut(u32) -> u32) -> RecordedBy {
    let credential = Uuid::new_v4();
    let kind = ["key", "key", "key", "user", "token"][rng(5) as usize];
    let via = ["POST /api/v1/logs/bulk", "POST /api/v1/logs/bulk", "POST /api/v1/logs"][rng(3) as usize];
    let ip = std::net::Ipv4Addr::from_bits(rng(u32::MAX));
    RecordedBy::new(format!("{kind}:{credential}"), Some(credential), via.to_owned(), Some(ip.into()))
}

/// The bodies that the ledger would keep of these events.
fn bodies(events: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    const EVENTS_OF_A_SENDER: usize = 200;
    let masker = Masker::new(&MaskPolicy::default()).unwrap();
    let mut state = 1_u64;
    let mut rng = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 33).unwrap() % below
    };
    let mut recorded_by = sender(&mut rng);
    let mut bodies = Vec::new();
    for (at, event) in events.enumerate() {
        if at % EVENTS_OF_A_SENDER == 0 {
            recorded_by = sender(&mut rng);
        }
        let setting = Setting {
            tenant: TenantId(Uuid::new_v4()),
            masker: &masker,
            recorded_by: &recorded_by,
            received_at: Utc::now(),
        };
        let event = prepare::read(&event, Format::Auto, &masker);
        let content = event.and_then(|event| event.mask(&masker)?.into_content(&setting));
        let Ok(content) = content else { continue };
        let salt = new_salt();
        let content = commitment::commit(&content, &salt).canonical;
        bodies.push(Body::Full { salt, content }.encode());
    }
    bodies
}

/// Invented records by other programs.
fn by_clients(seed: u64, n: usize) -> impl Iterator<Item = serde_json::Value> {
    sample::cloudtrail(seed, n).zip(CLIENTS.iter().cycle()).map(|(record, client)| {
        let mut record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        record["userAgent"] = (*client).into();
        record
    })
}

/// What the sample's AWS account would look like, were its events sent in our own form.
fn as_native(seed: u64, n: usize) -> Vec<Vec<u8>> {
    let records: Vec<_> = by_clients(seed, n).collect();
    entries::native(&records, seed, n, true).collect()
}

/// Makes a dictionary that fits the samples as they are now. A dictionary that was released is
/// never changed, because rows need it: give the new one the next number here and in
/// `custody_ledger::codec`, and run
/// `cargo test -p custody-ingest --lib train_the_dictionary -- --ignored`.
#[test]
#[ignore = "writes a file of the ledger; the comment says when"]
fn train_the_dictionary() {
    const NUMBER: u32 = 3;
    const BYTES_MAX: usize = 32 * 1024;
    const EVENTS_OF_A_FORMAT: usize = 8_000;
    let mut samples = bodies(sample::cloudtrail(1, EVENTS_OF_A_FORMAT));
    samples
        .extend(bodies(by_clients(2, EVENTS_OF_A_FORMAT / 2).map(|record| record.to_string().into_bytes())));
    samples.extend(bodies(sample::native(1, EVENTS_OF_A_FORMAT)));
    samples.extend(bodies(as_native(3, EVENTS_OF_A_FORMAT).into_iter()));
    let samples: Vec<_> = samples.iter().map(|body| codec::framed(body)).collect();
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
        ("native, made of generated CloudTrail", bodies(as_native(77, 1_000).into_iter())),
    ] {
        let [_, plain, with] = measure(what, &bodies);
        assert!(with * 2 < plain, "{what}");
    }
}

#[test]
fn the_dictionary_pays_on_real_cloudtrail() {
    let Some(records) = entries::records() else { return };
    let native = bodies(entries::native(&records, 5, 2_000, false));
    let with_id = bodies(entries::native(&records, 5, 2_000, true));
    let cloudtrail = bodies(records.iter().map(|record| record.to_string().into_bytes()));
    for (what, bodies) in [
        ("CloudTrail, real", cloudtrail),
        ("native, made of real CloudTrail", native),
        ("the same with event_id", with_id),
    ] {
        let [_, plain, with] = measure(what, &bodies);
        assert!(with * 2 < plain, "{with} with the dictionary, {plain} without");
    }
}
