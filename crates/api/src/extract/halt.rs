//! Why a body was not read to its end.

use std::{io, time::Duration};

use super::frames::PACE_MIN;
use crate::problem::{Kind, Problem};

/// What ended the reading. Where nothing was taken of the body yet, it is the request's problem;
/// where something was, it is told in place of what was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    #[error("the body broke off")]
    BrokeOff(#[source] axum::Error),
    #[error(
        "the body stopped coming after {received} bytes: at most {} s may lie between two pieces, and at \
         least {PACE_MIN} bytes a second must come",
        .pause_max.as_secs()
    )]
    TooSlow { received: u64, pause_max: Duration },
    #[error("the body is larger than {limit} bytes, counted after decompression")]
    TooLarge { limit: u64 },
    #[error("the body expands to more than {times} times what was sent; send it uncompressed, or in parts")]
    TooDense { times: u64 },
    #[error("the body cannot be decompressed as its Content-Encoding says")]
    Garbled(#[source] io::Error),
    #[error("the server has no memory for it at the moment")]
    NoMemory(Problem),
    #[error("the body took longer than {} minutes", .most.as_secs() / 60)]
    TooLong { most: Duration },
}

impl Halt {
    /// Whether what had come of an unfinished item is worth keeping: it is all that there will be of
    /// it. Where the client can send the rest as it is, it has it still.
    pub(crate) fn ends_within_an_item(&self) -> bool {
        matches!(self, Self::BrokeOff(_) | Self::TooSlow { .. } | Self::Garbled(_))
    }

    /// Whether the client may be sending on in good faith.
    pub(crate) fn leaves_the_client_sending(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::TooDense { .. } | Self::NoMemory(_))
    }
}

impl From<Halt> for Problem {
    fn from(halt: Halt) -> Self {
        let text = halt.to_string();
        let mut letters = text.chars();
        let detail: String =
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect();
        match halt {
            Halt::BrokeOff(error) => Self::new(Kind::BadRequest, detail).caused_by(error),
            Halt::Garbled(error) => Self::new(Kind::BadRequest, detail).caused_by(error),
            Halt::TooSlow { .. } | Halt::TooLong { .. } => Self::new(Kind::RequestTimeout, detail),
            Halt::TooLarge { limit } => Self::new(Kind::TooLarge, detail).member("limit", limit.into()),
            Halt::TooDense { .. } => Self::new(Kind::TooLarge, detail),
            Halt::NoMemory(problem) => problem,
        }
    }
}
