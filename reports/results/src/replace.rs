//! Writing a file whole or not at all: beside its place, to the disk, and then renamed into it, so that neither a full
//! disk nor the end of this process leaves half of it. Everything that this tool replaces is written here.
//!
//! A link is never followed and nothing but a regular file is replaced, so that no output destroys what it does not
//! own.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::Builder;

/// Permissions of a new file, before the user's mask is applied.
const MODE: u32 = 0o666;

/// Held while a file is replaced.
static REPLACING: Mutex<()> = Mutex::new(());

/// Waits until no file is half replaced, and keeps it so: for a process that ends at once, which would leave the
/// temporary file behind.
pub fn pause() -> MutexGuard<'static, ()> {
    REPLACING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes `bytes` to the file at `path`, which is made, or replaced and then keeps its permissions.
///
/// # Errors
/// A link, a folder or a device is at `path`, or the system refuses to write. What was there before is unchanged.
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

/// Makes the link at `path` point to `target`; a link that is there is replaced.
///
/// # Errors
/// Something other than a link is at `path`, or the system refuses. What was there before is unchanged.
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

/// Makes the folder at `path` and those above it, for what this tool writes under a name that it chose itself. One that
/// is there is used. A folder that the user named may be a link, and is made with `fs::create_dir_all`.
///
/// # Errors
/// A link or a file is at `path`, or the system refuses.
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

/// The error without the path of the temporary file, which says nothing to a user.
fn bare(error: &io::Error) -> io::Error {
    error.kind().into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// A name lasts once its folder is on the disk. Not every filesystem can do that, and then the file is there all the
/// same.
fn sync_folder(path: &Path) -> io::Result<()> {
    let _ = File::open(folder_of(path))?.sync_all();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in a folder.
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
    fn links_folders_and_devices_are_left_and_named() {
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
    fn what_cannot_be_replaced_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("name that is too long for any filesystem".repeat(10));
        assert!(file(&path, "new").is_err());
        assert!(names(folder.path()).is_empty(), "no temporary file stays");
    }
}
