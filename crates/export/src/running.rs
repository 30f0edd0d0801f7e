//! How many exports hold something.

/// The gauge's name.
pub const RUNNING: &str = "custody_exports_running";

/// One that runs, until it is dropped; its work holds it, so that the gauge falls when all is freed.
#[derive(Debug)]
pub(crate) struct Running(());

impl Running {
    pub(crate) fn begin() -> Self {
        metrics::gauge!(RUNNING).increment(1.0);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        metrics::gauge!(RUNNING).decrement(1.0);
    }
}
