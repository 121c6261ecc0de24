//! Replaces files atomically: writes a temporary file beside the target, flushes it to disk and renames it. So neither a full
//! disk nor the end of the process leaves half a file.
//!
//! Links are never followed and only regular files are replaced, so that output does not destroy other files.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::Builder;

/// Permissions of a new file, before the umask.
const MODE: u32 = 0o666;

/// Held while a file is replaced.
static REPLACING: Mutex<()> = Mutex::new(());

/// Waits until no file is being replaced, and prevents further replacements. For a process that is about to end and
/// would leave a temporary file.
pub fn pause() -> MutexGuard<'static, ()> {
    REPLACING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates or replaces the file at `path`. A replaced file keeps its permissions.
///
/// # Errors
/// `path` is a link, a directory or a device, or the file cannot be written. An existing file is then unchanged.
pub fn file(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let _pause = pause();
    let old = there(path)?;
    if let Some(old) = &old
        && !old.is_file()
    {
        return Err(refused(path, old, "a file"));
    }
    let permissions = fs::Permissions::from_mode(MODE);
    let mut beside =
        Builder::new().permissions(permissions).tempfile_in(folder_of(path)).map_err(|error| bare(&error))?;
    beside.write_all(bytes.as_ref())?;
    if let Some(old) = old {
        beside.as_file().set_permissions(old.permissions())?;
    }
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Creates or replaces the link at `path`, which then points to `target`.
///
/// # Errors
/// `path` exists and is not a link, or the system refuses. Nothing is changed then.
pub fn link(path: &Path, target: &Path) -> io::Result<()> {
    let _pause = pause();
    if let Some(old) = there(path)?
        && !old.is_symlink()
    {
        return Err(refused(path, &old, "a link"));
    }
    let beside =
        Builder::new().make_in(folder_of(path), |beside| symlink(target, beside)).map_err(|error| bare(&error))?;
    beside.into_temp_path().persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Creates the directory at `path` and those above it, unless they exist. For names that this tool chose: a directory that the
/// user named may be a link, and is created with `fs::create_dir_all`.
///
/// # Errors
/// `path` is a link or a file, or the system refuses.
pub fn folder(path: &Path) -> io::Result<()> {
    match there(path)? {
        Some(old) if old.is_dir() => Ok(()),
        Some(old) => Err(refused(path, &old, "a folder")),
        None => fs::create_dir_all(path),
    }
}

fn there(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn refused(path: &Path, old: &Metadata, wanted: &str) -> io::Error {
    let what = match old.file_type() {
        kind if kind.is_symlink() => match fs::read_link(path) {
            Ok(target) => format!("a link to {} is there, and links are not followed", target.display()),
            Err(_) => "a link is there, and links are not followed".to_owned(),
        },
        kind if kind.is_dir() => "a folder is there".to_owned(),
        kind if kind.is_file() => "a file is there".to_owned(),
        _ => "a device, pipe or socket is there".to_owned(),
    };
    let problem = format!("{what}: only {wanted} is replaced; move it away, or choose another place");
    io::Error::new(io::ErrorKind::AlreadyExists, problem)
}

/// Removes the path of the temporary file from an error.
fn bare(error: &io::Error) -> io::Error {
    error.kind().into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Flushes the directory, so that the new name survives a crash. Not every file system supports that.
fn sync_folder(path: &Path) -> io::Result<()> {
    let _ = File::open(folder_of(path))?.sync_all();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names in a directory.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        file(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        file(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(folder.path()), ["baseline.json"]);
    }

    #[test]
    fn links_folders_and_devices_are_kept_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("mine"), "kept").unwrap();
        symlink("mine", place("link")).unwrap();
        fs::create_dir(place("dir")).unwrap();
        let refused = |result: io::Result<()>| result.unwrap_err().to_string();
        assert!(refused(file(&place("link"), "new")).contains("a link to mine is there"));
        assert!(refused(file(&place("dir"), "new")).contains("a folder is there"));
        assert!(refused(file(Path::new("/dev/null"), "new")).contains("a device, pipe or socket is there"));
        assert!(refused(super::folder(&place("link"))).contains("a link to mine is there"));
        assert!(refused(super::folder(&place("mine"))).contains("a file is there"));
        assert!(refused(link(&place("mine"), Path::new("dir"))).contains("a file is there"));
        assert!(refused(link(&place("dir"), Path::new("mine"))).contains("a folder is there"));
        assert_eq!(fs::read_to_string(place("mine")).unwrap(), "kept");
        link(&place("link"), Path::new("dir")).unwrap();
        assert_eq!(fs::read_link(place("link")).unwrap(), Path::new("dir"));
        assert_eq!(names(folder.path()), ["dir", "link", "mine"]);
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name that is too long for any filesystem".repeat(10));
        assert!(file(&path, "new").is_err());
        assert!(names(folder.path()).is_empty(), "no temporary file is left behind");
    }
}
