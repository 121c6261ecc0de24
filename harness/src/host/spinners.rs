//! A fault: threads that use CPU time and do nothing, which the checks must notice.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Iterations between two checks whether to stop.
const TURNS: u32 = 10_000;

/// Threads that spin until this is dropped.
pub(crate) struct Spinners {
    stop: Arc<AtomicBool>,
}

impl Spinners {
    /// Starts threads at the lowest ordinary priority. They hardly delay other threads, but use the remaining CPU time.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn nice(threads: u32) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..threads {
            let stop = Arc::clone(&stop);
            thread::Builder::new().name("spinner".into()).spawn(move || {
                let _ = rustix::process::nice(19);
                while !stop.load(Ordering::Relaxed) {
                    (0..TURNS).for_each(|_| std::hint::spin_loop());
                }
            })?;
        }
        Ok(Self { stop })
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
