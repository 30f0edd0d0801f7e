//! Findings, one after the other, into the bytes of a file.

use custody_domain::{
    Evidence,
    json::{Limits, ParseError, Value, parse},
};
use custody_store::findings::Form;

use crate::finding::{
    convert::{COLUMNS, text_of, to_ocsf, to_row},
    evidence, indented,
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
    /// Rows say whether the evidence is complete. Where all of it is, they are as Prowler's own.
    says_evidence: bool,
    is_first: bool,
}

impl Writer {
    /// `any_incomplete`: whether there will be findings whose evidence is incomplete.
    pub fn new(form: ExportForm, any_incomplete: bool) -> Self {
        Self { form, columns: None, says_evidence: any_incomplete, is_first: true }
    }

    /// Appends a finding, given by its text, the text's form, and what it rests on.
    pub fn add(
        &mut self,
        form: Form,
        text: &str,
        evidence: Evidence,
        out: &mut Vec<u8>,
    ) -> Result<(), ParseError> {
        match self.form {
            ExportForm::Ocsf => self.add_json(form, text, evidence, out)?,
            ExportForm::Csv => self.add_row(form, text, evidence, out)?,
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

    fn add_json(
        &self,
        form: Form,
        text: &str,
        evidence: Evidence,
        out: &mut Vec<u8>,
    ) -> Result<(), ParseError> {
        let mut laid_out = String::from(if self.is_first { "[\n    " } else { ",\n    " });
        match form {
            // To the letter, but for what has to be said and is not.
            Form::Ocsf if evidence == Evidence::Complete => indented(text, 1, &mut laid_out),
            Form::Ocsf => {
                let finding = parse(text.as_bytes(), &Limits::STORED)?;
                match evidence::of_ocsf(&finding) {
                    Evidence::Incomplete => indented(text, 1, &mut laid_out),
                    Evidence::Complete => {
                        indented(&text_of(&evidence::incomplete(finding)), 1, &mut laid_out);
                    }
                }
            }
            Form::Csv => {
                let Value::Object(row) = parse(text.as_bytes(), &Limits::STORED)? else { return Ok(()) };
                let finding = match evidence {
                    Evidence::Complete => to_ocsf(&row),
                    Evidence::Incomplete => evidence::incomplete(to_ocsf(&row)),
                };
                indented(&text_of(&finding), 1, &mut laid_out);
            }
        }
        out.extend(laid_out.into_bytes());
        Ok(())
    }

    fn add_row(
        &mut self,
        form: Form,
        text: &str,
        evidence: Evidence,
        out: &mut Vec<u8>,
    ) -> Result<(), ParseError> {
        let finding = parse(text.as_bytes(), &Limits::STORED)?;
        let columns = self.columns.get_or_insert_with(|| {
            // A file has one set of columns: the first row's own, so that a file comes out as it came in.
            let mut columns: Vec<String> = match (&finding, form) {
                (Value::Object(row), Form::Csv) => row.iter().map(|(column, _)| column.to_owned()).collect(),
                _ => COLUMNS.iter().map(|&column| column.to_owned()).collect(),
            };
            if self.says_evidence && !columns.iter().any(|column| column == evidence::COLUMN) {
                columns.push(evidence::COLUMN.to_owned());
            }
            row(columns.iter().map(String::as_bytes), out);
            columns
        });
        let values = columns.iter().map(|column| match (&finding, form) {
            (Value::Object(row), Form::Csv) if row.contains_key(column) => {
                row.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            _ if column == evidence::COLUMN => evidence.as_str().to_owned(),
            (_, Form::Csv) => String::new(),
            _ => to_row(&finding, column),
        });
        row(values.collect::<Vec<_>>().iter().map(String::as_bytes), out);
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
