#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use super::*;

fn hash(hex: &str) -> Hash {
    hex::decode(hex).unwrap().try_into().unwrap()
}

/// The leaves of the reference vectors that RFC 6962 implementations share (certificate-transparency,
/// transparency-dev/merkle).
fn leaves() -> Vec<Hash> {
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        .map(|data| sha256(&[&[0x00], &hex::decode(data).unwrap()]))
        .to_vec()
}

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_reference_roots() {
    let leaves = leaves();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(root(&leaves[..size])), *expected, "{size}");
    }
}

#[test]
fn the_reference_inclusion_proofs() {
    let leaves = leaves();
    for (index, size, expected) in [
        (0, 1, vec![]),
        (
            0,
            8,
            vec![
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            vec![
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, vec!["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ] {
        let proof = inclusion_proof(&leaves[..size], index).unwrap();
        assert_eq!(proof.iter().map(hex::encode).collect::<Vec<_>>(), expected);
        assert!(verify_inclusion(&leaves[index], index as u64, size as u64, &proof, &hash(ROOTS[size])));
    }
    assert_eq!(inclusion_proof(&leaves, 8), None);
}

#[test]
fn the_reference_consistency_proofs() {
    let leaves = leaves();
    for (first, second, expected) in [
        (1, 1, vec![]),
        (
            1,
            8,
            vec![
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            vec![
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            vec![
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ] {
        let proof = consistency_proof(&leaves[..second], first).unwrap();
        assert_eq!(proof.iter().map(hex::encode).collect::<Vec<_>>(), expected);
        assert!(verify_consistency(
            first as u64,
            second as u64,
            &proof,
            &hash(ROOTS[first]),
            &hash(ROOTS[second])
        ));
    }
    assert_eq!(consistency_proof(&leaves, 9), None);
}

/// A proof is of one index and one size: it proves no other, and neither cut nor padded.
#[test]
fn a_proof_proves_one_thing() {
    let leaves = leaves();
    let eight = root(&leaves);
    let proof = inclusion_proof(&leaves, 5).unwrap();
    let holds = |index, size, proof: &[Hash]| verify_inclusion(&leaves[5], index, size, proof, &eight);
    assert!(holds(5, 8, &proof));
    assert!(!holds(4, 8, &proof) && !holds(5, 16, &proof) && !holds(5, 5, &proof));
    assert!(!holds(5, 8, &proof[1..]) && !holds(5, 8, &proof[..2]) && !holds(5, 8, &[]));
    assert!(!holds(5, 8, &[proof.clone(), vec![eight]].concat()));
    assert!(!holds(u64::MAX, u64::MAX, &proof) && !holds(0, 0, &[]));

    let six = root(&leaves[..6]);
    let proof = consistency_proof(&leaves, 6).unwrap();
    let holds = |first, second, proof: &[Hash]| verify_consistency(first, second, proof, &six, &eight);
    assert!(holds(6, 8, &proof));
    assert!(!holds(5, 8, &proof) && !holds(6, 9, &proof) && !holds(8, 6, &proof) && !holds(0, 8, &[]));
    assert!(!holds(6, 8, &proof[1..]) && !holds(6, 8, &[]) && !holds(6, 6, &[]) && !holds(8, 8, &[]));
    assert!(!holds(6, 8, &[proof.clone(), vec![eight]].concat()));
    assert!(verify_consistency(0, 8, &[], &root(&[]), &eight));
}
