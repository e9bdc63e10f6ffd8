//! An allocator that stops a target which asks for too much.
//!
//! libFuzzer's own limit on allocations needs a sanitizer. What C libraries
//! allocate (zstd) goes past this one and is left to `-rss_limit_mb`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// All that a call may hold at one time, beside dictionaries.
const MOST_BYTES: usize = 64 << 20;
/// From here on it is the dictionary of an xz stream, of which as many may be
/// open as containers are opened within each other.
const DICTIONARY_BYTES: usize = 32 << 20;
const MOST_DICTIONARY_BYTES: usize = 132 << 20;
const MOST_DICTIONARIES: usize = crate::bodies::unpack::DEPTH as usize;

static WATCHING: AtomicBool = AtomicBool::new(false);
static HELD: AtomicUsize = AtomicUsize::new(0);
static DICTIONARIES: AtomicUsize = AtomicUsize::new(0);

pub struct Heap;

// SAFETY: everything is the system's; what is added counts and may abort.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        give(layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give(layout.size());
        take(size);
        unsafe { System.realloc(at, layout, size) }
    }
}

fn take(bytes: usize) {
    let (is_too_much, held) = if bytes < DICTIONARY_BYTES {
        let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (held > MOST_BYTES, held)
    } else {
        let open = DICTIONARIES.fetch_add(1, Ordering::Relaxed) + 1;
        (open > MOST_DICTIONARIES || bytes > MOST_DICTIONARY_BYTES, bytes)
    };
    if is_too_much && WATCHING.swap(false, Ordering::Relaxed) {
        eprintln!("trapline: a call took {held} bytes of memory, the last {bytes} at once");
        std::process::abort();
    }
}

fn give(bytes: usize) {
    let count = if bytes < DICTIONARY_BYTES { (&HELD, bytes) } else { (&DICTIONARIES, 1) };
    count.0.fetch_sub(count.1, Ordering::Relaxed);
}

/// Does `work` within the limits.
pub fn watch(work: impl FnOnce()) {
    WATCHING.store(true, Ordering::Relaxed);
    work();
    WATCHING.store(false, Ordering::Relaxed);
}
