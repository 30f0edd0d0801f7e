//! What a person sees while it runs; nothing where standard error is no terminal.

use std::{fmt, io::IsTerminal as _};

use indicatif::{HumanFloatCount, ProgressBar, ProgressState, ProgressStyle};

/// A bar over entries. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn start(entries: u64, verb: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(
            "{msg} {bar:30} {percent:>3}% {human_pos}/{human_len} entries, {each_second}/s, {eta} left",
        );
        // `{per_sec}` has four digits after the point.
        let style = style.map(|style| {
            style.with_key("each_second", |state: &ProgressState, to: &mut dyn fmt::Write| {
                let _ = write!(to, "{:.0}", HumanFloatCount(state.per_sec()));
            })
        });
        let bar = ProgressBar::new(entries).with_message(verb);
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    pub(crate) fn add(&self, entries: u64) {
        self.0.inc(entries);
    }

    pub(crate) fn set(&self, position: u64, length: u64) {
        self.0.set_length(length);
        self.0.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
