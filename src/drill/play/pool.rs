//! A scenario's lines, and the phones of its customers.

use std::collections::BTreeSet;

use crate::derive::Draw;
use crate::drill::scenario::Lines;
use crate::line::{LineNumber, demo_lines};
use crate::registry::{LineUse, NewLine};

/// The lines that a scenario asks for, traps first.
///
/// In blocks, each block holds neighbours: what a carrier gets when it buys a
/// range. Which of them are controls is drawn, or whole blocks would be.
pub(super) fn lines(wanted: &Lines, draw: &mut impl Draw) -> Vec<NewLine> {
    if wanted.neighbours == 1 {
        return demo_lines(wanted.traps, wanted.controls, draw);
    }
    let total = (wanted.traps + wanted.controls) as usize;
    let mut numbers: BTreeSet<LineNumber> = BTreeSet::new();
    while numbers.len() < total {
        let first = demo_lines(1, 0, draw).remove(0).number;
        let value: u64 = first.national.parse().expect("a demo line is digits");
        let base = value - value % u64::from(wanted.neighbours);
        let room = (total - numbers.len()).min(wanted.neighbours as usize) as u64;
        numbers.extend((0..room).map(|place| LineNumber { national: (base + place).to_string(), ..first.clone() }));
    }
    let mut numbers: Vec<LineNumber> = numbers.into_iter().collect();
    for place in (1..numbers.len()).rev() {
        numbers.swap(place, draw.below(place as u32 + 1) as usize);
    }
    let line = |(place, number): (usize, LineNumber)| NewLine {
        number,
        line_use: if place < wanted.traps as usize { LineUse::Trap } else { LineUse::Control },
        demo: true,
    };
    numbers.into_iter().enumerate().map(line).collect()
}

/// Phones of customers: none of them is a line of ours.
pub(super) fn customers(count: u32, ours: &BTreeSet<String>, draw: &mut impl Draw) -> Vec<LineNumber> {
    // A few more than needed: hardly any is a line of ours.
    let drawn = demo_lines(count + 64, 0, draw).into_iter().map(|line| line.number);
    let mut numbers: Vec<LineNumber> = drawn.filter(|number| !ours.contains(&number.national)).collect();
    numbers.truncate(count as usize);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Stream;

    #[test]
    fn blocks_hold_neighbours_and_every_line_is_nobodys() {
        let wanted = Lines { traps: 150, controls: 50, neighbours: 100 };

        let lines = lines(&wanted, &mut Stream::new(&[5; 32]));

        let mut numbers: Vec<u64> = lines.iter().map(|line| line.number.national.parse().expect("digits")).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 200);
        assert!(numbers.windows(2).filter(|pair| pair[1] - pair[0] == 1).count() >= 197, "two blocks");
        assert_eq!(lines.iter().filter(|line| line.line_use == LineUse::Control).count(), 50);
        lines.iter().for_each(|line| line.number.check(true).expect("nobody's number"));
    }

    #[test]
    fn no_customer_has_a_line_of_ours() {
        let taken: BTreeSet<String> =
            demo_lines(50, 0, &mut Stream::new(&[6; 32])).into_iter().map(|line| line.number.national).collect();

        let numbers = customers(80, &taken, &mut Stream::new(&[6; 32]));

        assert_eq!(numbers.len(), 80);
        assert!(numbers.iter().all(|number| !taken.contains(&number.national)));
    }
}
