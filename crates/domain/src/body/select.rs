//! Which members some pointers name.

use std::collections::HashSet;

use super::{BodyError, shown::Shown};

pub(super) struct Selection<'p>(HashSet<&'p str>);

impl<'p> Selection<'p> {
    pub(super) fn new(pointers: &[&'p str], shown: &Shown<'_>) -> Result<Self, BodyError> {
        let members: HashSet<&str> = shown.members.iter().map(|(pointer, _)| pointer).collect();
        for pointer in pointers {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(BodyError::NotAPointer((*pointer).to_owned()));
            }
            if let Some(member) = above(pointer).find(|above| members.contains(above)) {
                return Err(BodyError::InsideMember {
                    pointer: (*pointer).to_owned(),
                    member: member.to_owned(),
                });
            }
        }
        Ok(Self(pointers.iter().copied().collect()))
    }

    /// Whether `member`, or the container it stands in, or the whole entry, was named.
    pub(super) fn contains(&self, member: &str) -> bool {
        self.0.contains(member) || above(member).any(|above| self.0.contains(above))
    }
}

/// The pointers to what encloses `pointer`, innermost first, the empty one last.
fn above(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |p| p.rsplit_once('/').map(|(above, _)| above)).skip(1)
}
