#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use custody_domain::TenantId;
use proptest::prelude::*;

use super::*;

fn origin(epoch: u32) -> Origin {
    Origin::new("log.example.com/custody", TenantId::RESERVED, epoch).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: origin(0).to_string(), size: 20_852_163, root: [7; 32] }
}

fn signer(name: &str) -> Signer {
    Signer::new(name, &[1; 32]).unwrap()
}

/// The body of the example of c2sp.org/tlog-checkpoint.
#[test]
fn the_text_of_the_specification() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read = Checkpoint::parse(text).unwrap();
    assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(hex::encode(read.root), "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
    assert_eq!(read.to_text(), text);
}

#[test]
fn a_checkpoint_opens_with_the_key_of_its_log_alone() {
    let own = signer(&checkpoint().origin);
    let note = checkpoint().sign(&[&own]).unwrap().to_string();
    assert_eq!(Checkpoint::open(note.as_bytes(), &[own.verifier().clone()]), Ok(checkpoint()));
    // The same key under another log's name, whose checkpoint says that it is ours.
    let other = signer(&origin(1).to_string());
    let note = checkpoint().sign(&[&other]).unwrap().to_string();
    assert_eq!(
        Checkpoint::open(note.as_bytes(), &[other.verifier().clone()]),
        Err(CheckpointError::OtherLog(checkpoint().origin))
    );
    assert!(Checkpoint::open(note.as_bytes(), &[own.verifier().clone()]).is_err());
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for bad in [
        "",
        "\n",
        "o\n1\n",
        &format!("o\n1\n{root}"),
        &format!("\n1\n{root}\n"),
        &format!("o\n01\n{root}\n"),
        &format!("o\n+1\n{root}\n"),
        &format!("o\n-1\n{root}\n"),
        &format!("o\n1 \n{root}\n"),
        &format!("o\n18446744073709551616\n{root}\n"),
        "o\n1\nAAAA\n",
        &format!("o\n1\n{root}\n\n"),
        &format!("o\n1\n{root}\nx\n\ny\n"),
        &format!("o\n1\n{}\n", root.replace('=', "")),
    ] {
        assert!(matches!(Checkpoint::parse(bad), Err(CheckpointError::Malformed(_))), "{bad:?}");
    }
    assert_eq!(Checkpoint::parse(&format!("o\n1\n{root}\nextension\n")).unwrap().size, 1);
}

#[test]
fn origins_lead_back() {
    assert_eq!(origin(3).to_string(), "log.example.com/custody/00000000-0000-7000-8000-000000000000/e3");
    assert_eq!(origin(3).to_string().parse(), Ok(origin(3)));
    for bad in [
        "",
        "a/b/e0",
        "a/00000000-0000-7000-8000-000000000000/e00",
        "a/00000000-0000-7000-8000-000000000000",
        "/00000000-0000-7000-8000-000000000000/e0",
        "a b/00000000-0000-7000-8000-000000000000/e0",
        "a/00000000-0000-7000-8000-00000000000A/e0",
        "a/00000000000070008000000000000000/e0",
    ] {
        assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn checkpoints_lead_back(origin in "[^\n]{1,40}", size: u64, root: [u8; 32]) {
        let checkpoint = Checkpoint { origin, size, root };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
    }
}

/// Section 8 of docs/tree.md: the key pair of RFC 8032, section 7.1, test 1; the root of the three
/// leaves of docs/proofs.md, section 9.
#[test]
fn the_worked_example_of_the_documentation() {
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let tenant = "0197c4a1-7e00-7aaa-8bbb-0123456789ab".parse().unwrap();
    let origin = Origin::new("log.example.com/custody", tenant, 0).unwrap().to_string();
    let signer = Signer::new(&origin, &seed.try_into().unwrap()).unwrap();
    let root = hex::decode("538e08a258de5ec4f27a495bb91741acb4153dad32f1987174a30e3dc8ac3c09").unwrap();
    let checkpoint = Checkpoint { origin, size: 3, root: root.try_into().unwrap() };
    let note = checkpoint.sign(&[&signer]).unwrap().to_string();
    let page = include_str!("../../../../docs/tree.md");
    for shown in [&note, &signer.verifier().to_string()] {
        assert!(page.contains(shown.as_str()), "docs/tree.md does not show\n{shown}");
    }
}
