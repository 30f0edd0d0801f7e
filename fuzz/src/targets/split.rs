//! A bulk body into items.

use bytes::Bytes;
use custody_ingest::{Format, Framing, RawItem, SplitError, Splitter};

/// What was found, and why no more.
type Found = (Vec<RawItem>, Option<(u64, u64, String)>);

pub(crate) fn run(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    for framing in [Framing::Auto, Framing::Lines] {
        for format in Format::ALL {
            let whole = pieces(&body, framing, format, bytes.len().max(1));
            for length in [1, 2, 7, 64] {
                assert_eq!(whole, pieces(&body, framing, format, length), "in pieces of {length}");
            }
            check(&body, &whole);
        }
    }
}

fn pieces(body: &Bytes, framing: Framing, format: Format, length: usize) -> Found {
    let mut items = Vec::new();
    let mut splitter = Splitter::new(framing, format);
    let mut at = 0;
    while at < body.len() {
        let end = body.len().min(at + length);
        splitter.push(&body.slice(at..end), &mut items);
        at = end;
    }
    let fault = splitter.finish(&mut items).err().map(|error: SplitError| {
        if let Some(rest) = error.rest {
            items.push(*rest);
        }
        (error.offset, error.line, error.kind.to_string())
    });
    (items, fault)
}

/// Each item is a part of the body, where it says, behind the one before it.
fn check(body: &Bytes, (items, fault): &Found) {
    let mut behind = 0;
    for item in items {
        assert!(item.offset >= behind, "items in their order");
        let at = usize::try_from(item.offset).unwrap_or(usize::MAX);
        assert_eq!(body.get(at..at + item.bytes.len()), Some(&*item.bytes), "the bytes that stand there");
        let lines = body[..at].split(|byte| *byte == b'\n').count() as u64 - 1;
        assert_eq!(item.line, lines + 1, "the line that it begins on");
        behind = item.offset + item.bytes.len() as u64;
    }
    if let Some((offset, ..)) = fault {
        assert!(*offset <= body.len() as u64, "a fault within the body");
    }
}
