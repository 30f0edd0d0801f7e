//! The operating system's user that the server runs as, and the way to the cluster for them.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, fchown, lchown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::unistd::{self, Gid, Uid, User};

use super::{EmbeddedError, Layout};

/// Who the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    /// This process is root and becomes that user for the server alone.
    pub(super) switch: bool,
}

/// This process's user, by name where there is one.
pub(super) fn my_name() -> String {
    name_of(unistd::geteuid())
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

impl Account {
    /// Root takes the user that was asked for, else the owner of the cluster that is there (so that
    /// data stay whose they are), else `postgres`, else `nobody`. Others run it as themselves.
    pub(super) fn choose(wanted: Option<&str>, layout: &Layout) -> Result<Self, EmbeddedError> {
        let me = unistd::geteuid();
        if !me.is_root() {
            return Self::myself(me, wanted, layout);
        }
        let named = |name: &str| User::from_name(name).ok().flatten();
        if let Some(name) = wanted {
            let user = named(name)
                .filter(|u| !u.uid.is_root())
                .ok_or_else(|| EmbeddedError::NoUser { name: name.to_owned() })?;
            return Ok(Self::other(user));
        }
        let owner =
            fs::metadata(layout.cluster()).ok().map(|m| Uid::from_raw(m.uid())).filter(|uid| !uid.is_root());
        owner
            .and_then(|uid| User::from_uid(uid).ok().flatten())
            .or_else(|| named("postgres"))
            .or_else(|| named("nobody"))
            .map(Self::other)
            .ok_or(EmbeddedError::NoUnprivilegedUser)
    }

    fn myself(me: Uid, wanted: Option<&str>, layout: &Layout) -> Result<Self, EmbeddedError> {
        let gid = unistd::getegid();
        let user = User::from_uid(me)
            .ok()
            .flatten()
            .ok_or(EmbeddedError::NamelessUser { uid: me.as_raw(), gid: gid.as_raw() })?;
        if let Some(name) = wanted.filter(|name| *name != user.name) {
            return Err(EmbeddedError::CannotSwitch { name: name.to_owned() });
        }
        for path in [layout.database(), layout.cluster()] {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if metadata.uid() != me.as_raw() {
                let owner = name_of(Uid::from_raw(metadata.uid()));
                return Err(EmbeddedError::OwnedByAnother {
                    path: layout.root().to_owned(),
                    owner,
                    me: user.name,
                });
            }
        }
        Ok(Self { name: user.name, uid: me, gid, switch: false })
    }

    fn other(user: User) -> Self {
        Self { name: user.name, uid: user.uid, gid: user.gid, switch: true }
    }

    /// Makes `command` run as this user, with no group but the user's own.
    pub(super) fn apply(&self, command: &mut Command) {
        if self.switch {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
    }

    /// Makes a directory that the server alone enters (and root).
    pub(super) fn own_dir(&self, path: &Path) -> Result<(), EmbeddedError> {
        match fs::create_dir(path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                return Err(EmbeddedError::io("make", path)(e));
            }
            _ => {}
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(EmbeddedError::io("set the mode of", path))?;
        if self.switch {
            chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
                .map_err(EmbeddedError::io("give away", path))?;
        }
        Ok(())
    }

    /// Gives an open file to the server's user: the file itself, whatever its name leads to by now.
    pub(super) fn own_file(&self, file: &fs::File) -> io::Result<()> {
        if self.switch { fchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw())) } else { Ok(()) }
    }

    /// Gives a whole tree away, links themselves rather than what they point to. For a cluster that
    /// came here as root's, by a copy.
    pub(super) fn own_tree(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.switch {
            return Ok(());
        }
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            let metadata = fs::symlink_metadata(&path).map_err(EmbeddedError::io("look at", &path))?;
            lchown(&path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
                .map_err(EmbeddedError::io("give away", &path))?;
            if metadata.is_dir() {
                for entry in fs::read_dir(&path).map_err(EmbeddedError::io("read", &path))? {
                    waiting.push(entry.map_err(EmbeddedError::io("read", &path))?.path());
                }
            }
        }
        Ok(())
    }

    /// Fails naming the first directory on the way to `path` that this user cannot pass.
    pub(super) fn check_way(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self.first_closed(path) {
            Some(offender) => {
                Err(EmbeddedError::Untraversable { user: self.name.clone(), offender, path: path.to_owned() })
            }
            None => Ok(()),
        }
    }

    pub(super) fn first_closed(&self, path: &Path) -> Option<PathBuf> {
        if !self.switch {
            return None;
        }
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|dir| {
            fs::metadata(dir).is_ok_and(|m| m.is_dir() && !passes(m.mode(), m.uid(), m.gid(), self))
                && !self.enters(dir)
        })?;
        Some(closed.to_owned())
    }

    /// Mode bits do not tell everything (access control lists); before a directory is called
    /// closed, the user tries.
    fn enters(&self, dir: &Path) -> bool {
        let mut attempt = Command::new("/bin/true");
        attempt.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.apply(&mut attempt);
        attempt.status().is_ok_and(|status| status.success())
    }
}

fn passes(mode: u32, uid: u32, gid: u32, account: &Account) -> bool {
    let bit = if uid == account.uid.as_raw() {
        0o100
    } else if gid == account.gid.as_raw() {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_that_one_is_in_decides_even_where_others_may_more() {
        let account =
            Account { name: "db".to_owned(), uid: Uid::from_raw(70), gid: Gid::from_raw(71), switch: true };
        assert!(passes(0o700, 70, 0, &account));
        assert!(!passes(0o077, 70, 71, &account), "the owner's bits count for the owner");
        assert!(passes(0o710, 0, 71, &account));
        assert!(!passes(0o701, 0, 71, &account), "the group's bits count for the group");
        assert!(passes(0o711, 0, 0, &account));
        assert!(!passes(0o700, 0, 0, &account));
    }
}
