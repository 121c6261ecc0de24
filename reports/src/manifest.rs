//! The list of files that this tool wrote into a directory of the user. It is stored there, so that the tool replaces
//! and removes only its own files.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Component, Path, PathBuf},
};

use results::{input, replace, sanitize, store};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Name of the list in its directory.
pub const FILE_NAME: &str = "delivery-bench-files.json";

/// Largest list that is read, in bytes: some hundred thousand names.
const LIMIT_BYTES: u64 = 64 << 20;

/// Why a directory was not written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A file or its directory cannot be written or replaced.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason, or what is in the way.
        source: io::Error,
    },
    /// A file is in the way that this tool did not write.
    #[error(
        "{} exists, and {FILE_NAME} beside it does not list it: only what this tool wrote is replaced; choose another \
         folder, or move it away", path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Other results would be replaced.
    #[error("{} holds other results, which are never replaced; rename the run, or choose another folder", path.display())]
    OtherResults {
        /// The file.
        path: PathBuf,
    },
    /// The list cannot be read.
    #[error("{}: {problem}; restore it, or choose another folder", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
}

/// A directory that is being written.
pub(crate) struct Manifest {
    folder: PathBuf,
    /// Files of an earlier report.
    before: BTreeSet<String>,
    /// Files of this report.
    now: BTreeSet<String>,
}

/// The list as stored.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// Paths relative to the directory, separated by `/`.
    written: BTreeSet<String>,
}

impl Manifest {
    /// Opens the directory for files of these names, and lists them. Creates the directory if needed. With `force`, existing
    /// files with these names are replaced whoever wrote them.
    ///
    /// # Errors
    /// A file is in the way that this tool did not write, or the directory cannot be written. Nothing has changed then.
    pub(crate) fn open(folder: &Path, names: BTreeSet<String>, force: bool) -> Result<Self, WriteError> {
        let before = listed(folder)?;
        let manifest = Self { folder: folder.to_owned(), before, now: names };
        let is_there = |name: &&String| manifest.folder.join(name).symlink_metadata().is_ok();
        let is_ours = |name: &&String| force || manifest.before.contains(*name) || is_results(name);
        if let Some(name) = manifest.now.iter().filter(is_there).find(|name| !is_ours(name)) {
            return Err(WriteError::NotOurs { path: manifest.folder.join(name) });
        }
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        // The list is written first, so that this tool may replace what a crash leaves half done.
        manifest.list(manifest.before.union(&manifest.now).cloned().collect())?;
        Ok(manifest)
    }

    /// Writes one of the files, and creates its directories.
    ///
    /// # Errors
    /// It cannot be written, a link is in the way, or it holds other results.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), WriteError> {
        let path = self.folder.join(name);
        if is_results(name) && path.symlink_metadata().is_ok() {
            let is_same = fs::read(&path).is_ok_and(|there| there == bytes.as_ref());
            return if is_same { Ok(()) } else { Err(WriteError::OtherResults { path }) };
        }
        folders(&self.folder, name)?;
        replace::file(&path, bytes).map_err(|source| failed(&path, source))
    }

    /// Removes files of an earlier report that were not written again, except results, and updates the list.
    ///
    /// # Errors
    /// A file cannot be removed, or the list cannot be written.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        let (results, stale): (Vec<&String>, Vec<&String>) =
            self.before.difference(&self.now).partition(|name| is_results(name));
        for name in stale {
            self.remove(name)?;
        }
        self.list(self.now.iter().chain(results).cloned().collect())
    }

    /// Removes a regular file that is not reached through a link, and the directories that it leaves empty.
    fn remove(&self, name: &str) -> Result<(), WriteError> {
        let mut path = self.folder.clone();
        for part in Path::new(name).components() {
            let is_folder = path == self.folder || path.symlink_metadata().is_ok_and(|there| there.is_dir());
            if !is_folder {
                return Ok(());
            }
            path.push(part);
        }
        if !path.symlink_metadata().is_ok_and(|there| there.is_file()) {
            return Ok(());
        }
        fs::remove_file(&path).map_err(|source| failed(&path, source))?;
        let above = Path::new(name).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        for folder in above {
            // A directory that is not empty stays.
            if fs::remove_dir(self.folder.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn list(&self, written: BTreeSet<String>) -> Result<(), WriteError> {
        let path = self.folder.join(FILE_NAME);
        let text = serde_json::to_string_pretty(&List { written }).expect("plain data can be written") + "\n";
        replace::file(&path, text).map_err(|source| failed(&path, source))
    }
}

/// Creates the directories of a file, none of them through a link.
pub(crate) fn folders(folder: &Path, name: &str) -> Result<(), WriteError> {
    let above: Vec<&Path> = Path::new(name).ancestors().skip(1).collect();
    for inner in above.into_iter().rev().filter(|inner| !inner.as_os_str().is_empty()) {
        let path = folder.join(inner);
        replace::folder(&path).map_err(|source| failed(&path, source))?;
    }
    Ok(())
}

/// Reads the list of this directory. It is empty if there is no list.
fn listed(folder: &Path) -> Result<BTreeSet<String>, WriteError> {
    let path = folder.join(FILE_NAME);
    let wrong = |problem: String| WriteError::List { path: path.clone(), problem };
    if path.symlink_metadata().is_err() {
        return Ok(BTreeSet::new());
    }
    let text = input::text(&path, LIMIT_BYTES).map_err(|error| wrong(error.to_string()))?;
    let List { written } = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let is_inside = |name: &String| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match written.iter().find(|name| !is_inside(name)) {
        Some(outside) => Err(wrong(format!("it lists {:?}, which is not in its folder", sanitize::short(outside)))),
        None => Ok(written),
    }
}

fn is_results(name: &str) -> bool {
    Path::new(name).ends_with(store::FILE_NAME)
}

fn failed(path: &Path, source: io::Error) -> WriteError {
    WriteError::Write { path: path.to_owned(), source }
}
