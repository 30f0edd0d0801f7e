//! A list as lines of a table.

use console::{Alignment, measure_text_width, pad_str};

/// The header and a line a row: columns left-aligned, two spaces apart, as wide as they must be.
pub(crate) fn lines<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let header = header.map(str::to_owned);
    let all: Vec<_> = std::iter::once(&header).chain(rows).collect();
    let widths: Vec<_> = (0..N)
        .map(|column| all.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.into_iter().map(line).collect()
}
