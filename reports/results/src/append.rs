//! A file that grows by whole lines. It is created with its first line, so that an early end leaves no empty file. A
//! line that cannot be written completely is removed again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The writer of one file. If it is dropped before the first line, it removes the directories that it created.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: Option<File>,
    /// Length of the complete lines, in bytes.
    bytes: u64,
    /// Directories that were created for it, the outermost first.
    made: Vec<PathBuf>,
}

impl Lines {
    /// Creates the directories above `path`, and checks that a file can be written there.
    ///
    /// # Errors
    /// `path` exists ([`io::ErrorKind::AlreadyExists`]), or the directory cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let folder = path.parent().unwrap_or(path);
        let is_absent = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut made: Vec<PathBuf> = folder.ancestors().take_while(is_absent).map(Path::to_owned).collect();
        made.reverse();
        let lines = Self { path: path.to_owned(), file: None, bytes: 0, made };
        fs::create_dir_all(folder)?;
        tempfile::tempfile_in(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
        Ok(lines)
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folders that were made for it, the outermost first.
    #[must_use]
    pub fn made(&self) -> &[PathBuf] {
        &self.made
    }

    /// Appends a line, which must end with a line feed. It survives the end of this process.
    ///
    /// # Errors
    /// It cannot be written completely. The file then ends with the line before it.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).create_new(true).open(&self.path)?),
        };
        let written = file.write_all(line);
        if written.is_err() {
            file.set_len(self.bytes)?;
            if self.bytes == 0 {
                self.file = None;
                fs::remove_file(&self.path)?;
            }
        } else {
            self.bytes += line.len() as u64;
        }
        written
    }

    /// Waits until everything is on disk.
    ///
    /// # Errors
    /// The data cannot be written to disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if self.file.is_none() {
            remove_empty(&self.made);
        }
    }
}

/// Removes directories, the last one first. A directory that is not empty stays.
pub fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_line_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results/one/lines");
        let lines = Lines::create(&path).unwrap();
        assert!(path.parent().unwrap().is_dir() && !path.exists());
        drop(lines);
        assert!(!folder.path().join("results").exists());
        fs::create_dir(folder.path().join("mine")).unwrap();
        drop(Lines::create(&folder.path().join("mine/lines")).unwrap());
        assert!(folder.path().join("mine").is_dir(), "the user's folder is kept");
    }

    #[test]
    fn a_file_with_lines_stays_and_is_never_reused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/lines");
        let [mut first, mut second] = [Lines::create(&path).unwrap(), Lines::create(&path).unwrap()];
        first.append(b"one\n").unwrap();
        assert_eq!(second.append(b"two\n").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop((first, second));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(Lines::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
