//! Opens the file of a session, in its directory or by itself.

use std::{io, path::Path};

use results::input;
use thiserror::Error;

use super::session::{FILE_NAME, Session, SessionError};

/// Largest session file that is read, in bytes: three times the largest session that can be judged.
const LIMIT_BYTES: u64 = 128 << 20;

/// Why a session cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// The file is not a session.
    #[error("{path}: {problem}")]
    Invalid {
        /// The file.
        path: String,
        /// The problem.
        problem: SessionError,
    },
}

impl Session {
    /// Reads a session, given its directory or its file.
    ///
    /// # Errors
    /// The file cannot be read, is larger than 128 MiB, or is not a session.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        let path = file.display().to_string();
        match input::text(&file, LIMIT_BYTES) {
            Ok(text) => Self::read(&text).map_err(|problem| OpenError::Invalid { path, problem }),
            Err(source) => Err(OpenError::Unreadable { path, source }),
        }
    }
}
