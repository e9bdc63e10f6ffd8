//! A file to be read in place.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes bytes to this thread's file, which goes with the thread.
pub(super) fn with_file<T>(bytes: &[u8], work: impl FnOnce(&Path) -> T) -> T {
    thread_local!(static FILE: OnceCell<File> = const { OnceCell::new() });
    FILE.with(|file| {
        let File(path) = file.get_or_init(File::new);
        fs::write(path, bytes).expect("the folder for temporary files is writable");
        work(path)
    })
}

struct File(PathBuf);

impl File {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trapline-fuzz-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
