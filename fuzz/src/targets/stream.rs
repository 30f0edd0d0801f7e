//! The log as a stream.

use custody_domain::TenantId;
use custody_proof::{
    stream::{EntryFrame, Frame, read_frame, read_opening, write_end, write_opening, write_unreadable},
    verify::EntryCheck,
};

pub(crate) fn run(bytes: &[u8]) {
    let mut rest = bytes;
    let mut written = Vec::new();
    if let Ok(Some((opening, length))) = read_opening(bytes) {
        write_opening(&opening, &mut written);
        assert_eq!(written, bytes[..length], "one opening has one form");
        rest = &bytes[length..];
    }
    let mut check = EntryCheck::default();
    while let Ok(Some((frame, length))) = read_frame(rest) {
        written.clear();
        match frame {
            Frame::Entry(entry) => {
                check.faults(TenantId::RESERVED, &entry);
                let begun =
                    EntryFrame::begin((entry.seq, entry.id, &entry.leaf_hash), &entry.columns, &mut written);
                written.extend_from_slice(entry.body);
                begun.end(&mut written);
            }
            Frame::Unreadable(entry) => write_unreadable(&entry, &mut written),
            Frame::End { next } => write_end(next, &mut written),
        }
        assert_eq!(written, rest[..length], "one frame has one form");
        rest = &rest[length..];
    }
}
