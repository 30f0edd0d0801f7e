//! How a tile is written in a URL: `0/x001/x234/067`, or `0/x001/x234/067.p/3` where it is partial.

use std::{fmt, str::FromStr};

use super::{LEVEL_MAX, Tile, WIDTH};

/// The text is no path of a tile, or not the one way to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no tile's path: <level>/<index in groups of three digits, all but the last after an x>[.p/<width>]"
)]
pub struct InvalidPath;

/// `x001/x234/067[.p/W]`, the path of a bundle of entries below `tile/entries/`; `width` of 1 to 256.
pub fn entries_path(index: u64, width: u16) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let path = groups.join("/");
    if u64::from(width) == WIDTH { path } else { format!("{path}.p/{width}") }
}

/// The index and width in the path of a bundle of entries.
pub fn parse_entries_path(path: &str) -> Result<(u64, u16), InvalidPath> {
    let (groups, width) = match path.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().map_err(|_| InvalidPath)?),
        None => (path, 256),
    };
    let mut index: u64 = 0;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let value: u64 = digits.parse().map_err(|_| InvalidPath)?;
        index = index.checked_mul(1000).and_then(|index| index.checked_add(value)).ok_or(InvalidPath)?;
    }
    // What is written otherwise than we would is another resource, which there is not.
    let partial = width != 256 || !path.contains(".p/");
    if (1..=256).contains(&width) && partial && entries_path(index, width) == path {
        Ok((index, width))
    } else {
        Err(InvalidPath)
    }
}

/// Below `tile/`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, entries_path(self.index, self.width))
    }
}

impl FromStr for Tile {
    type Err = InvalidPath;

    fn from_str(path: &str) -> Result<Self, InvalidPath> {
        let (level, rest) = path.split_once('/').ok_or(InvalidPath)?;
        let (index, width) = parse_entries_path(rest)?;
        let level = level.parse().ok().filter(|level| *level <= LEVEL_MAX).ok_or(InvalidPath)?;
        let tile = Self { level, index, width };
        if tile.to_string() == path { Ok(tile) } else { Err(InvalidPath) }
    }
}
