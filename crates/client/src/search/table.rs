//! Rows in columns, within the width of the terminal.

use console::{Alignment, Term, measure_text_width, pad_str, truncate_str};

use crate::row::{HEADER, Row};

/// The columns that give way where the terminal is narrow: actor, action, resource.
const YIELDING: [usize; 3] = [4, 2, 3];
const YIELDING_WIDTH_MIN: usize = 12;

/// A table whose widths are those of its first page, so that further pages line up with it.
#[derive(Debug)]
pub(super) struct Table {
    /// Columns of the terminal; none where standard output is none, and nothing is cut.
    width_max: Option<usize>,
    widths: Option<[usize; 7]>,
}

impl Table {
    pub(super) fn new() -> Self {
        let terminal = Term::stdout();
        let width_max = terminal.is_term().then(|| usize::from(terminal.size().1));
        Self { width_max, widths: None }
    }

    /// The lines of these rows, with the header before the first.
    pub(super) fn rows(&mut self, rows: &[Row]) -> Vec<String> {
        if rows.is_empty() {
            return Vec::new();
        }
        let first = self.widths.is_none();
        let widths = *self.widths.get_or_insert_with(|| widths(rows, self.width_max));
        let header = HEADER.map(str::to_owned);
        let cells = first.then_some(&header).into_iter().chain(rows.iter().map(|row| &row.0));
        cells.map(|cells| self.line(cells, widths)).collect()
    }

    fn line(&self, cells: &[String; 7], widths: [usize; 7]) -> String {
        let padded = cells.iter().zip(widths).map(|(cell, width)| {
            let cell = if self.width_max.is_some() { truncate_str(cell, width, "…") } else { cell.into() };
            pad_str(&cell, width, Alignment::Left, None).into_owned()
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

fn widths(rows: &[Row], width_max: Option<usize>) -> [usize; 7] {
    let mut widths = HEADER.map(measure_text_width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.0) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let Some(width_max) = width_max else { return widths };
    for column in YIELDING {
        let total = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
        let over = total.saturating_sub(width_max);
        if let Some(width) = widths.get_mut(column) {
            *width = width.saturating_sub(over).max(YIELDING_WIDTH_MIN.min(*width));
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(actor: &str, resource: &str) -> Row {
        Row(["2024-01-01T00:00:00Z", "INFO", actor, "s3.PutObject", resource, "success", "10.0.0.1"]
            .map(str::to_owned))
    }

    #[test]
    fn columns_line_up_and_later_pages_have_no_header() {
        let mut table = Table { width_max: None, widths: None };
        let lines = table.rows(&[row("ann", "b"), row("東京", "bucket")]);
        assert_eq!(
            lines,
            [
                "TIME                  SEVERITY  ACTOR  ACTION        RESOURCE  OUTCOME  IP",
                "2024-01-01T00:00:00Z  INFO      ann    s3.PutObject  b         success  10.0.0.1",
                "2024-01-01T00:00:00Z  INFO      東京   s3.PutObject  bucket    success  10.0.0.1",
            ]
        );
        assert_eq!(table.rows(&[]), Vec::<String>::new());
        assert_eq!(table.rows(&[row("bob", "c")]).len(), 1);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_long_columns() {
        let mut table = Table { width_max: Some(100), widths: None };
        let long = "arn:aws:iam::123456789012:user/".to_owned() + &"x".repeat(60);
        for line in table.rows(&[row(&long, &long)]) {
            assert!(measure_text_width(&line) <= 100, "{line}");
        }
        let mut file = Table { width_max: None, widths: None };
        assert!(file.rows(&[row(&long, "r")])[1].contains(&long));
    }
}
