//! The lines of a query bundle after its header: `{"body":…,"id":…,"seq":…,"skip":[…]}`, and at the end
//! `{"entries":…,"rest":[…]}`. `skip` stands for the leaves between the entry before and this one, `rest`
//! for those after the last; `skip` is absent where there are none.

use custody_domain::{
    Body, EntryId, Hash, canonical,
    json::{Limits, Object, parse},
};

use super::{
    entry_line::{self, Entry},
    members::{hashes, number, of_hashes},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Entry { entry: Entry, skip: Vec<Hash> },
    Rest { entries: u64, rest: Vec<Hash> },
}

/// Appends the line with its newline.
pub(super) fn write_entry(seq: u64, id: EntryId, body: &Body, skip: &[Hash], out: &mut Vec<u8>) {
    entry_line::write(seq, id, body, out);
    if skip.is_empty() {
        return;
    }
    // Instead of the brace and the newline.
    out.truncate(out.len() - 2);
    out.extend_from_slice(b",\"skip\":");
    canonical::write(&of_hashes(skip), out);
    out.extend_from_slice(b"}\n");
}

pub(super) fn write_rest(entries: u64, rest: &[Hash], out: &mut Vec<u8>) {
    let mut line = Object::new();
    line.insert("entries", entries.into());
    line.insert("rest", of_hashes(rest));
    canonical::write(&line.into(), out);
    out.push(b'\n');
}

/// Reads a line without its newline. What is wrong, for a person, where it is none.
pub(super) fn read(line: &[u8]) -> Result<Line, String> {
    let value = parse(line, &Limits::STORED).map_err(|error| format!("it is not JSON: {error}"))?;
    let object = value.as_object().ok_or("it is not an object")?;
    let mut again = Vec::with_capacity(line.len() + 1);
    let read = if object.contains_key("rest") {
        let (entries, rest) = (number(object, "entries")?, hashes(object, "rest")?);
        write_rest(entries, &rest, &mut again);
        Line::Rest { entries, rest }
    } else {
        let entry = entry_line::of_object(object).ok_or("it is no entry")?;
        let skip = if object.contains_key("skip") { hashes(object, "skip")? } else { Vec::new() };
        write_entry(entry.seq, entry.id, &entry.body, &skip, &mut again);
        Line::Entry { entry, skip }
    };
    // One byte form: what the members were read from may hold nothing else.
    if again.strip_suffix(b"\n") == Some(line) { Ok(read) } else { Err("it is not in canonical form".into()) }
}
