//! Prowler's CSV, whose columns are separated by `;`.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use csv::{ByteRecord, ReaderBuilder};
use custody_domain::json::push_token;
use custody_store::findings::FINDING_BYTES_MAX;

use super::{
    batches::{Batches, Place},
    reading::Stop,
    report::Broken,
};
use crate::finding::{Refused, from_row};

/// Without these a row says nothing.
const NEEDED: [&str; 4] = ["FINDING_UID", "CHECK_ID", "STATUS", "SEVERITY"];

/// A quote that is not closed makes the rest of the file one value: so much of it is read.
const ROW_BYTES_MAX: usize = 2 * FINDING_BYTES_MAX;

pub(super) fn read(file: impl Read, batches: &mut Batches) -> Result<(), Stop> {
    let room = Rc::new(Cell::new(ROW_BYTES_MAX));
    let file = Rows { file, room: Rc::clone(&room) };
    let mut reader =
        ReaderBuilder::new().delimiter(b';').flexible(true).buffer_capacity(64 << 10).from_reader(file);
    let columns = columns(reader.byte_headers())?;
    let mut row = ByteRecord::new();
    let mut index = 0;
    loop {
        room.set(ROW_BYTES_MAX);
        let start = reader.position().clone();
        let place = Place { index, line: start.line(), byte: start.byte() };
        match reader.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                return Err(Stop::Broken(broken(place, reason(&error))));
            }
        }
        let finding = match values(&columns, &row) {
            Ok(values) => from_row(&columns, &values, &batches.context),
            Err(refused) => Err(refused),
        };
        batches.add(place, finding)?;
        index += 1;
    }
}

fn columns(header: Result<&ByteRecord, csv::Error>) -> Result<Vec<String>, Stop> {
    let start = Place { index: 0, line: 1, byte: 0 };
    let stop = |reason: String| Stop::Broken(broken(start, reason));
    let header = header.map_err(|error| stop(reason(&error)))?;
    let columns: Option<Vec<String>> =
        header.iter().map(|column| String::from_utf8(column.to_vec()).ok()).collect();
    let columns = columns.ok_or_else(|| stop("its first line is not UTF-8".to_owned()))?;
    if let Some(missing) = NEEDED.iter().find(|needed| !columns.iter().any(|column| column == *needed)) {
        return Err(stop(format!("its first line names no column {missing}: it is not Prowler's CSV")));
    }
    let mut sorted: Vec<_> = columns.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(stop(format!("its first line names the column {} twice", twice[0]))),
        None => Ok(columns),
    }
}

fn values<'r>(columns: &[String], row: &'r ByteRecord) -> Result<Vec<&'r str>, Refused> {
    let value = |(at, value): (usize, &'r [u8])| {
        std::str::from_utf8(value).map_err(|_| {
            let mut pointer = String::new();
            push_token(&mut pointer, columns.get(at).map_or("", String::as_str));
            Refused::new(pointer, "not UTF-8")
        })
    };
    row.iter().enumerate().map(value).collect()
}

fn broken(place: Place, reason: String) -> Broken {
    Broken { index: place.index, line: place.line, byte: place.byte, reason }
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => format!("it can be read no further: {error}"),
        _ => error.to_string(),
    }
}

/// Gives so much of a row and no more.
struct Rows<R> {
    file: R,
    room: Rc<Cell<usize>>,
}

impl<R: Read> Read for Rows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.room.get() == 0 {
            let detail = format!("a row is longer than {ROW_BYTES_MAX} bytes: is a quote not closed?");
            return Err(io::Error::other(detail));
        }
        let read = self.file.read(buffer)?;
        self.room.set(self.room.get().saturating_sub(read));
        Ok(read)
    }
}
