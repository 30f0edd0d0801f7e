//! As what an export is asked for; which entries, the filters say.

use custody_export::{Compression, Format};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParameters {
    /// `ndjson` (the default), `json`, `csv`, `parquet`, or `bundle`: a file that proves its entries.
    format: Option<String>,
    /// Of the file itself: `none` (the default), `gzip` or `zstd`. What is done on the way
    /// (`Accept-Encoding`) is another thing.
    compression: Option<String>,
}

impl ExportParameters {
    pub(super) fn format(&self) -> Result<Format, Problem> {
        let Some(text) = &self.format else { return Ok(Format::Ndjson) };
        text.parse().map_err(|error| Problem::bad_parameter("format", format!("{error}")))
    }

    pub(super) fn compression(&self) -> Result<Compression, Problem> {
        let Some(text) = &self.compression else { return Ok(Compression::None) };
        let compression =
            text.parse().map_err(|error| Problem::bad_parameter("compression", format!("{error}")))?;
        let apart = matches!(self.format()?, Format::Parquet | Format::Bundle);
        if apart && compression != Compression::None {
            let detail = "a Parquet file is compressed as it is, and a bundle has one form alone";
            return Err(Problem::bad_parameter("compression", detail));
        }
        Ok(compression)
    }
}
