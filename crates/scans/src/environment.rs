//! Where the engine is: a virtual environment of Python with Prowler, found or made.
//!
//! One that is made lies under the data directory, by the version and by what is in it
//! (`prowler/5.46.0-1a2b3c4d`), and is a link: what it points to is made beside it, and the link is put in place
//! when all of it is there. So a half-made one is never taken for a whole one, and of two that are made at once
//! either is good.

mod python;
mod setup;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

pub use setup::SetupError;

/// What is installed, with the hashes of all that may be.
const LOCK: &str = include_str!("../driver/requirements.txt");
const PACKAGE: &str = "prowler==";

/// Where the engine is, or will be.
#[derive(Clone, Debug)]
pub struct Environment {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    /// As the setting names it: a python, or an environment's directory.
    Named(PathBuf),
    /// Under the data directory.
    Ours { root: PathBuf },
}

/// What an environment was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    pub python: PathBuf,
    /// `3.11.7`
    pub python_version: String,
    /// `5.46.0`
    pub engine_version: String,
}

impl Environment {
    /// By the setting, or else under the data directory.
    pub fn of(setting: Option<&Path>, data_dir: &Path) -> Self {
        let place = match setting {
            Some(path) => Place::Named(path.to_owned()),
            None => Place::Ours { root: data_dir.join("prowler") },
        };
        Self { place }
    }

    /// The python to start; in words for a person, why there is none. Looks at files only.
    pub fn python(&self) -> Result<PathBuf, String> {
        let python = match &self.place {
            Place::Named(path) if path.is_dir() => path.join("bin/python"),
            Place::Named(path) => path.clone(),
            Place::Ours { root } => root.join(name()).join("bin/python"),
        };
        if python.exists() {
            return Ok(python);
        }
        Err(match &self.place {
            Place::Named(_) => format!("there is no {}: the setting `prowler` names it", python.display()),
            Place::Ours { .. } => "Prowler is not set up here: run `custody scan setup`".to_owned(),
        })
    }

    /// Starts the python and asks. Takes a tenth of a second.
    pub async fn probe(&self) -> Result<Probed, String> {
        let python = self.python()?;
        python::probe(python).await
    }

    /// Makes it, where it is not there yet; `told` hears what is being done, line by line. Four minutes,
    /// 2.4 GB. One that the setting names is only looked at.
    pub async fn setup(&self, told: impl FnMut(&str)) -> Result<Probed, SetupError> {
        if let Place::Ours { root } = &self.place
            && self.probe().await.is_err()
        {
            setup::make(root, &name(), LOCK, told).await?;
        }
        self.probe().await.map_err(SetupError::Unusable)
    }
}

/// The version that is installed here.
pub fn pinned_version() -> &'static str {
    LOCK.lines().find_map(|line| line.strip_prefix(PACKAGE)?.split([' ', '\\']).next()).unwrap_or("unknown")
}

fn name() -> String {
    let hash = hex::encode(&Sha256::digest(LOCK.as_bytes())[..4]);
    format!("{}-{hash}", pinned_version())
}

#[cfg(test)]
mod tests;
