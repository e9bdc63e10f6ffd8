//! Other ways to look for many numbers in a file, for the benchmarks of
//! `trapline scan`: one pass on one core, built first.
//!
//! ```text
//! scan_rivals aho-corasick PATTERNS FILE    prints how many were found, and seconds to build and to search
//! scan_rivals daachorse PATTERNS FILE
//! ```
//!
//! Both are exact and take the same patterns as `grep -F -f`. They read the
//! whole file into memory first, which is not counted.

use std::fs;
use std::time::Instant;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use daachorse::DoubleArrayAhoCorasick;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [which, patterns, file] = &args[..] else {
        return Err("expected: aho-corasick PATTERNS FILE, or daachorse PATTERNS FILE".into());
    };
    let patterns = fs::read_to_string(patterns)?;
    let patterns: Vec<&str> = patterns.lines().collect();
    let bytes = fs::read(file)?;
    let started = Instant::now();
    let (built, found) = match which.as_str() {
        "aho-corasick" => {
            // The automaton that its documentation advises where patterns are many.
            let kind = Some(AhoCorasickKind::ContiguousNFA);
            let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).kind(kind).build(&patterns)?;
            (started.elapsed(), searcher.find_iter(&bytes).count())
        }
        "daachorse" => {
            let searcher = DoubleArrayAhoCorasick::<u32>::new(&patterns).map_err(|error| error.to_string())?;
            (started.elapsed(), searcher.find_iter(&bytes).count())
        }
        other => return Err(format!("{other} is none of aho-corasick and daachorse").into()),
    };
    let seconds = started.elapsed();
    println!(
        "{found} found; {:.0} ms to build, {:.0} ms to search",
        1e3 * built.as_secs_f64(),
        1e3 * (seconds - built).as_secs_f64()
    );
    Ok(())
}
