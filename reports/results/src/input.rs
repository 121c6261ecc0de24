//! Reads input files. Only regular files of limited size are read, so that a pipe, a device or a huge file can
//! neither hang the program nor fill its memory. Byte order marks are ignored.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use rustix::fs::{FileType, Mode, OFlags};

/// The byte order mark that some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens a regular file of at most `most_bytes` for reading. Links are followed.
///
/// # Errors
/// The file cannot be opened, is not a regular file, or is larger. The error does not name the path.
pub fn open(path: &Path, most_bytes: u64) -> io::Result<File> {
    // Without NONBLOCK, opening a pipe waits for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let status = rustix::fs::fstat(&file)?;
    let kind = match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile if file.metadata()?.len() > most_bytes => return Err(too_large(most_bytes)),
        FileType::RegularFile => return Ok(file),
        FileType::Directory => return Err(io::ErrorKind::IsADirectory.into()),
        FileType::Fifo => "a pipe",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something else",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind}, expected a regular file")))
}

/// Reads a regular text file of at most `most_bytes`, without its byte order mark.
///
/// # Errors
/// As for [`open`], or the file is not UTF-8. The error does not name the path.
pub fn text(path: &Path, most_bytes: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    // System files may report a size of 0, and any file can grow meanwhile.
    open(path, most_bytes)?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(too_large(most_bytes));
    }
    match str::from_utf8(without_byte_order_mark(&bytes)) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, not_utf8(&bytes, error.valid_up_to()))),
    }
}

/// Removes a byte order mark.
#[must_use]
pub fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn too_large(most_bytes: u64) -> io::Error {
    let most = if most_bytes >= 1 << 20 { format!("{} MiB", most_bytes >> 20) } else { format!("{most_bytes} bytes") };
    io::Error::new(io::ErrorKind::FileTooLarge, format!("the file is larger than {most}"))
}

fn not_utf8(bytes: &[u8], valid: usize) -> String {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return "it is UTF-16 text: save it as UTF-8".to_owned();
    }
    let line = without_byte_order_mark(bytes)[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8 text: save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(text(&path, 4).unwrap(), "1234");
        assert_eq!(text(&path, 3).unwrap_err().to_string(), "the file is larger than 3 bytes");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(text(&link, 4).unwrap(), "1234");

        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert_eq!(open(&pipe, 4).unwrap_err().to_string(), "it is a pipe, expected a regular file");
        for device in ["/dev/zero", "/dev/full", "/dev/null"] {
            let refusal = open(Path::new(device), u64::MAX).unwrap_err().to_string();
            assert_eq!(refusal, "it is a device, expected a regular file");
        }
        assert_eq!(open(folder.path(), 4).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(open(&folder.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(text(Path::new("/proc/self/status"), 4).unwrap_err().to_string(), "the file is larger than 4 bytes");
    }

    #[test]
    fn accepts_any_line_ending_and_a_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let read = |bytes: &[u8]| {
            let path = folder.path().join("text");
            fs::write(&path, bytes).unwrap();
            text(&path, 1 << 20).map_err(|error| error.to_string())
        };
        assert_eq!(read(b"\xef\xbb\xbfa\r\n").as_deref(), Ok("a\r\n"));
        assert_eq!(read(b"").as_deref(), Ok(""));
        assert!(read(b"\xff\xfea\0").unwrap_err().contains("UTF-16"));
        assert!(read(b"a\r\n\xef\xbb\xbf\xe9").unwrap_err().starts_with("line 2 is not UTF-8"));
    }
}
