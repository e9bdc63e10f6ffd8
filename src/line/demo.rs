//! Lines for demonstrations: numbers that nobody can hold.

use std::collections::BTreeSet;

use super::LineNumber;
use super::fiction::DEMO_PREFIXES;
use crate::derive::Draw;
use crate::registry::{LineUse, NewLine};

/// Digits behind a prefix.
const TAIL: u32 = 100_000_000;

/// Draws `traps` and `controls` distinct lines from the unassigned prefixes
/// 154, 164 and 194.
///
/// They lie scattered over the three prefixes, as a carrier's leftovers do:
/// a block of neighbours would make every pair of calls look like a sweep, and
/// every mask fit many lines. Traps come first.
pub fn demo_lines(traps: u32, controls: u32, draw: &mut impl Draw) -> Vec<NewLine> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(traps as usize + controls as usize);
    while lines.len() < traps as usize + controls as usize {
        let (prefix, tail) = (draw.below(DEMO_PREFIXES.len() as u32), draw.below(TAIL));
        if !seen.insert((prefix, tail)) {
            continue;
        }
        let national = format!("{}{tail:08}", DEMO_PREFIXES[prefix as usize]);
        let line_use = if lines.len() < traps as usize { LineUse::Trap } else { LineUse::Control };
        lines.push(NewLine {
            number: LineNumber { country: 86, national, extension: String::new() },
            line_use,
            demo: true,
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;

    #[test]
    fn demo_lines_are_distinct_and_may_only_be_demo_lines() {
        let lines = demo_lines(2000, 100, &mut Stream::new(&[7; 32]));

        let distinct: BTreeSet<_> = lines.iter().map(|line| line.number.clone()).collect();
        assert_eq!(distinct.len(), 2100);
        assert_eq!(lines.iter().filter(|line| line.line_use == LineUse::Control).count(), 100);
        for line in &lines {
            assert!(line.demo);
            line.number.check(true).expect("nobody's number");
            line.number.check(false).expect_err("never a real line");
        }
    }

    #[test]
    fn demo_lines_are_no_block() {
        let mut numbers: Vec<u64> = demo_lines(2000, 0, &mut Stream::new(&[7; 32]))
            .iter()
            .map(|line| line.number.national.parse().expect("digits"))
            .collect();
        numbers.sort_unstable();

        let neighbours = numbers.windows(2).filter(|pair| pair[1] - pair[0] < 1000).count();

        assert!(neighbours < 50, "{neighbours} of 2000 have a near neighbour");
    }

    #[test]
    fn the_same_seed_gives_the_same_lines() {
        let make = || demo_lines(20, 1, &mut Stream::new(&[1; 32]));

        assert_eq!(make(), make());
    }
}
