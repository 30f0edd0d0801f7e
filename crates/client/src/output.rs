//! Lines on standard output.

use std::{
    io::{self, Write as _},
    process,
};

/// One line. A reader that went away (`| head`) ends the program quietly: nobody is left to ask for.
pub(crate) fn line(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => process::exit(0),
        other => other,
    }
}
