//! What the server is asked.

use super::{Compress, ExportArgs, Format};

/// Name and value.
pub(super) type Parameters = Vec<(&'static str, String)>;

impl ExportArgs {
    pub(super) fn parameters(&self) -> Parameters {
        let query = self.query.join(" ");
        let format = match (self.bundle, self.format) {
            (true, _) => "bundle",
            (_, Format::Ndjson) => "ndjson",
            (_, Format::Json) => "json",
            (_, Format::Csv) => "csv",
            (_, Format::Parquet) => "parquet",
        };
        let compression = self.compress.map(|how| match how {
            Compress::Zstd => "zstd",
            Compress::Gzip => "gzip",
        });
        let given = [
            ("format", Some(format.to_owned())),
            ("compression", compression.map(str::to_owned)),
            ("q", (!query.trim().is_empty()).then_some(query)),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("received_from", self.received_from.clone()),
            ("received_to", self.received_to.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Whether the file is a bundle, which is checked by what it is.
pub(super) fn is_bundle(parameters: &Parameters) -> bool {
    parameters.iter().any(|(name, value)| *name == "format" && value == "bundle")
}
