//! Findings, one after the other, into the bytes of a file.

use custody_domain::json::{Limits, ParseError, Value, parse};
use custody_store::findings::Form;

use crate::finding::{
    convert::{COLUMNS, text_of, to_ocsf, to_row},
    indented,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// A JSON array, four spaces a level.
    Ocsf,
    /// Columns separated by `;`.
    Csv,
}

/// Its form, and where it is.
#[derive(Debug)]
pub struct Writer {
    form: ExportForm,
    /// None before the first finding.
    columns: Option<Vec<String>>,
    is_first: bool,
}

impl Writer {
    pub fn new(form: ExportForm) -> Self {
        Self { form, columns: None, is_first: true }
    }

    /// Appends a finding, given by its text and the text's form.
    pub fn add(&mut self, form: Form, text: &str, out: &mut Vec<u8>) -> Result<(), ParseError> {
        match self.form {
            ExportForm::Ocsf => self.add_json(form, text, out)?,
            ExportForm::Csv => self.add_row(form, text, out)?,
        }
        self.is_first = false;
        Ok(())
    }

    /// Appends what stands behind the last.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        match self.form {
            ExportForm::Ocsf if self.is_first => out.extend(b"[]"),
            ExportForm::Ocsf => out.extend(b"\n]"),
            ExportForm::Csv if self.is_first => row(COLUMNS.iter().map(|column| column.as_bytes()), out),
            ExportForm::Csv => {}
        }
    }

    fn add_json(&self, form: Form, text: &str, out: &mut Vec<u8>) -> Result<(), ParseError> {
        let mut laid_out = String::from(if self.is_first { "[\n    " } else { ",\n    " });
        match form {
            Form::Ocsf => indented(text, 1, &mut laid_out),
            Form::Csv => {
                let Value::Object(row) = parse(text.as_bytes(), &Limits::STORED)? else { return Ok(()) };
                indented(&text_of(&to_ocsf(&row)), 1, &mut laid_out);
            }
        }
        out.extend(laid_out.into_bytes());
        Ok(())
    }

    fn add_row(&mut self, form: Form, text: &str, out: &mut Vec<u8>) -> Result<(), ParseError> {
        let finding = parse(text.as_bytes(), &Limits::STORED)?;
        let columns = self.columns.get_or_insert_with(|| {
            // A file has one set of columns: the first row's own, so that a file comes out as it came in.
            let columns: Vec<String> = match (&finding, form) {
                (Value::Object(row), Form::Csv) => row.iter().map(|(column, _)| column.to_owned()).collect(),
                _ => COLUMNS.iter().map(|&column| column.to_owned()).collect(),
            };
            row(columns.iter().map(String::as_bytes), out);
            columns
        });
        let values: Vec<String> = match (&finding, form) {
            (Value::Object(row), Form::Csv) => {
                let value = |column: &String| row.get(column).and_then(Value::as_str).unwrap_or_default();
                columns.iter().map(|column| value(column).to_owned()).collect()
            }
            _ => columns.iter().map(|column| to_row(&finding, column)).collect(),
        };
        row(values.iter().map(String::as_bytes), out);
        Ok(())
    }
}

/// A row as Python's `csv` writes it: quoted where it must be.
fn row<'v>(values: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(16 << 10)
        .from_writer(out);
    // Memory takes it all, and rows need not be equally long to a new writer.
    let _ = writer.write_record(values);
    let _ = writer.flush();
}
