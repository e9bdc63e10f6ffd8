//! Where the fuzzers' first inputs go (docs/fuzzing.md).

use std::fs;
use std::path::PathBuf;

/// Writes a target's seeds to the folder that `scripts/fuzz` names; without one
/// does nothing.
pub(crate) fn keep(target: &str, seeds: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os("TRAPLINE_FUZZ_SEEDS").map(PathBuf::from) else { return };
    let folder = folder.join(target);
    fs::create_dir_all(&folder).expect("a folder");
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).expect("is written");
    }
}
