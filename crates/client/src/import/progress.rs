//! What a person sees while it runs; nothing where standard error is no terminal.

use std::io::{IsTerminal as _, Read};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the bytes of the files as stored. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(bytes: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style =
            ProgressStyle::with_template("{bar:30} {percent:>3}% {binary_bytes}/{binary_total_bytes} {msg}");
        let bar = ProgressBar::new(bytes);
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    pub(super) fn wrap<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.0.wrap_read(reader)
    }

    /// The words beside the bar.
    pub(super) fn say(&self, message: String) {
        self.0.set_message(message);
    }

    /// A line of its own on standard error, above the bar.
    pub(super) fn note(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
