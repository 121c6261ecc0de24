//! The files of a run: its results and its report.

use std::path::Path;

use results::{
    schema::Record,
    store::{Run, Store},
};

/// Writes the report of a run. Returns its page and its data.
pub fn report(run: &Run) -> (String, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let written = reports::page::write(run, folder.path()).unwrap();
    let [page, data] = [written.page, written.data].map(|path| std::fs::read_to_string(path).unwrap());
    (page, serde_json::from_str(&data).unwrap())
}

/// Stores a run in a new directory.
pub fn results(run: &Run, directory: &Path) {
    let mut store = Store::create(directory).unwrap();
    store.append(&Record::Run(Box::new(run.run.clone()))).unwrap();
    for trial in &run.trials {
        store.append(&Record::Trial(Box::new(trial.clone()))).unwrap();
    }
    if let Some(interrupted) = &run.interrupted {
        store.append(&Record::Interrupted(interrupted.clone())).unwrap();
    }
    store.finish().unwrap();
}
