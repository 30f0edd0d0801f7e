//! What a probe can be asked to do.

use std::{path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// One thing. On the command line `name` or `name:argument`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Act {
    /// `nothing`
    Nothing,
    /// `answer:TEXT`: the result.
    Answer(String),
    /// `sleep:MS`: and does not hear that it should end.
    Sleep(u64),
    /// `gate:FILE`: waits until the file is there, and does not hear that it should end.
    Gate(PathBuf),
    /// `fail:N`: the first attempts, so many.
    Fail(u16),
    /// `fatal`: for good.
    Fatal,
    /// `panic`
    Panic,
    /// `hang`: for ever; it can be broken off.
    Hang,
    /// `block`: for ever, and keeps its thread.
    Block,
    /// `abort`: ends the whole process.
    Abort,
    /// `exhaust:MIB`: takes so much memory, which a process with less does not survive.
    Exhaust(usize),
    /// `babble`: writes a line without end to standard output.
    Babble,
    /// `obey`: waits until it is told to end.
    Obey,
    /// `progress:STEPS`: tells each, and waits long enough between two that each is written.
    Progress(u64),
    /// `effect`: writes through the fence. A job of the kind `probe.effect`, which nobody runs, with the
    /// key `JOB/TOKEN` is what it leaves.
    Effect,
    /// `file:NAME:BYTES`: leaves a file, whose byte n is n modulo 251.
    File(String, usize),
    /// `once`: the same with the key `JOB`, unless it is there: as every real handler, idempotent.
    Once,
}

impl FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let number = || argument.parse::<u64>().map_err(|_| format!("{name} needs a number: {name}:N"));
        Ok(match name {
            "nothing" => Self::Nothing,
            "answer" => Self::Answer(argument.to_owned()),
            "sleep" => Self::Sleep(number()?),
            "gate" => Self::Gate(argument.into()),
            "fail" => Self::Fail(u16::try_from(number()?).map_err(|error| error.to_string())?),
            "fatal" => Self::Fatal,
            "panic" => Self::Panic,
            "hang" => Self::Hang,
            "block" => Self::Block,
            "abort" => Self::Abort,
            "exhaust" => Self::Exhaust(usize::try_from(number()?).map_err(|error| error.to_string())?),
            "babble" => Self::Babble,
            "obey" => Self::Obey,
            "progress" => Self::Progress(number()?),
            "effect" => Self::Effect,
            "file" => {
                let (name, bytes) = argument.rsplit_once(':').ok_or("file needs file:NAME:BYTES")?;
                Self::File(name.to_owned(), bytes.parse().map_err(|_| "file needs file:NAME:BYTES")?)
            }
            "once" => Self::Once,
            _ => return Err("there is no such act; crates/custody/src/probe/act.rs has all".to_owned()),
        })
    }
}
