//! JSON: an array of findings, or one behind the other. Which form one has is looked at for each.

use std::io::{self, Read};

use bytes::Bytes;
use custody_domain::json::{Limits, Object, Value, parse};
use custody_ingest::{Format, Framing, RawItem, Splitter};
use custody_store::findings::FINDING_BYTES_MAX;

use super::{
    asff,
    batches::{Batches, Place},
    reading::Stop,
    report::Broken,
    sarif,
};
use crate::finding::{Refused, convert::text_of, from_ocsf_value, minified};

const PIECE_BYTES: usize = 256 << 10;

/// A document of SARIF is read whole. Memory holds some thirty bytes for one of a text that is nothing but
/// brackets.
const SARIF_BYTES_MAX: usize = 4 << 20;

pub(super) fn read(mut file: impl Read, batches: &mut Batches) -> Result<(), Stop> {
    let mut splitter = Splitter::new(Framing::Auto, Format::Custody);
    let mut items = Vec::new();
    let (mut index, mut byte, mut line) = (0, 0_u64, 1_u64);
    loop {
        let piece = match read_piece(&mut file) {
            Ok(piece) => piece,
            Err(error) => {
                let reason = format!("it can be read no further: {error}");
                return Err(Stop::Broken(Broken { index, line, byte, reason }));
            }
        };
        if piece.is_empty() || splitter.is_broken() {
            break;
        }
        byte += piece.len() as u64;
        line += memchr::memchr_iter(b'\n', &piece).count() as u64;
        splitter.push(&piece, &mut items);
        for item in items.drain(..) {
            add(&item, &mut index, batches)?;
        }
    }
    let end = splitter.finish(&mut items);
    for item in items.drain(..) {
        add(&item, &mut index, batches)?;
    }
    end.map_err(|error| {
        let reason = error.kind.to_string();
        Stop::Broken(Broken { index, line: error.line, byte: error.offset, reason })
    })
}

/// As much as comes, up to a bound; nothing at the end.
fn read_piece(file: &mut impl Read) -> io::Result<Bytes> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(read) => {
                piece.truncate(read);
                return Ok(piece.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn add(item: &RawItem, index: &mut u64, batches: &mut Batches) -> Result<(), Stop> {
    let mut place = Place { index: *index, line: item.line, byte: item.offset };
    let bytes: &[u8] = &item.bytes;
    let value = if item.cut.is_some() {
        Err(too_large(FINDING_BYTES_MAX))
    } else {
        parse(bytes, &Limits { bytes: SARIF_BYTES_MAX, ..Limits::default() }).map_err(Refused::from)
    };
    let value = match value {
        Ok(value) => value,
        Err(refused) => {
            *index += 1;
            return Ok(batches.add(place, Err(refused))?);
        }
    };
    if let Some(document) = value.as_object().filter(|object| sarif::is_one(object)) {
        for finding in sarif::findings(document) {
            let finding = finding.and_then(|finding| ours(finding, batches));
            batches.add(place, finding)?;
            *index += 1;
            place.index = *index;
        }
        return Ok(());
    }
    *index += 1;
    let finding = match value.as_object() {
        _ if bytes.len() > FINDING_BYTES_MAX => Err(too_large(FINDING_BYTES_MAX)),
        Some(object) if asff::is_one(object) => {
            asff::finding(object).and_then(|finding| ours(finding, batches))
        }
        _ => std::str::from_utf8(bytes)
            .map_err(|_| Refused::new("", "not UTF-8"))
            .and_then(|text| from_ocsf_value(&value, minified(text), &batches.context)),
    };
    Ok(batches.add(place, finding)?)
}

/// What was made into OCSF here.
fn ours(finding: Object<'_>, batches: &Batches) -> Result<crate::finding::NewFinding, Refused> {
    let value = Value::Object(finding);
    from_ocsf_value(&value, text_of(&value), &batches.context)
}

fn too_large(bytes_max: usize) -> Refused {
    Refused::new("", format!("larger than {bytes_max} bytes"))
}
