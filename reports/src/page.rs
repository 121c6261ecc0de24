//! stub
use crate::store::Run;
use std::path::{Path, PathBuf};
/// x
#[derive(Debug)]
pub struct Written {
    /// x
    pub page: PathBuf,
}
/// x
pub fn write(_run: &Run, d: &Path) -> std::io::Result<Written> {
    Ok(Written { page: d.join("report/index.html") })
}
