//! What the fuzz targets have in common: memory that is watched, and the entry.
//!
//! The bodies themselves stand in `bodies/`, since the main package's tests run
//! the committed corpus through the same ones, without libFuzzer.

pub mod bodies;
pub mod heap;

/// The entry of the target called so.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        #[global_allocator]
        static HEAP: $crate::heap::Heap = $crate::heap::Heap;

        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            let body = $crate::named($name);
            $crate::heap::watch(|| body(bytes));
        });
    };
}

/// The target called so.
///
/// # Panics
///
/// When there is none.
pub fn named(name: &str) -> bodies::Body {
    bodies::TARGETS.iter().find(|(other, _)| *other == name).expect("the table has it").1
}
