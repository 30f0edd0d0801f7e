use std::io;

/// Why a driver could not be started or spoken to. What it does once it runs is told by its stream.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    #[error("the scan's temporary home in {path} could not be made: {source}")]
    Home { path: String, source: io::Error },
    #[error("{python} could not be started: {source}")]
    Spawn { python: String, source: io::Error },
    /// It has ended; its stream says how.
    #[error("the driver has ended")]
    Gone,
}
