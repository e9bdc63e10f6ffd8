//! The fuzzers' corpus, through the bodies of their targets (docs/fuzzing.md):
//! what they found once stays mended, on any compiler and without libFuzzer.

// public for the fuzz package, where it is a module of a library
#[allow(unreachable_pub)]
#[path = "../fuzz/src/bodies/mod.rs"]
mod bodies;

use std::fs;
use std::path::{Path, PathBuf};

/// What is in a folder of the corpus, in order.
fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_input_keeps_its_targets_property() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, body) in bodies::TARGETS {
        let inputs = list(&corpus.join(name));
        assert!(!inputs.is_empty(), "{name} has no corpus: make one with `scripts/fuzz --minimise`");
        for input in inputs {
            // printed where one fails
            eprintln!("{}", input.display());
            body(&fs::read(&input).expect("it can be read"));
        }
    }
}

#[test]
fn targets_have_a_file_each_and_a_corpus_each() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut names: Vec<&str> = bodies::TARGETS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    for folder in ["fuzz_targets", "corpus"] {
        let files = list(&fuzz.join(folder));
        let stems: Vec<_> = files.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        assert_eq!(stems, names, "fuzz/{folder}");
    }
    for name in names {
        let target = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).expect("it is there");
        assert!(target.contains(&format!("target!(\"{name}\")")), "fuzz/fuzz_targets/{name}.rs");
    }
}
