//! Candidate numbers inside the runs of a file that is not sorted by number.
//!
//! Carriers deal numbers to senders in packages, so a file by time holds many
//! runs that are interleaved. A number that was reserved inside such a run
//! belongs to its sender: the row that has the number next to it is the donor,
//! and the planted row stands somewhere between the two rows that have the
//! numbers around it. Where exactly is chosen among the gaps between them, by
//! the same reservoir of one that [`Lane`](super::place::Lane) is.
//!
//! A row put between two others of its sender halves the time between them. So
//! candidates are drawn by how long their sender paused there, measured by what
//! pauses last in that run: rows that come at random fall into long pauses more
//! often than into short ones.

use std::collections::HashMap;
use std::rc::Rc;

use super::order::split_digits;
use super::place::{self, Gap, Row};
use crate::derive::{Block, Draw as _};

/// Numbers this far from each other may be of one run.
const NEAR: u64 = 64;

/// Most digits of a number that counts.
const MOST_DIGITS: usize = 18;

/// The candidates, and what the file's numbers say about where they belong.
pub(super) struct Runs<'k> {
    spots: Vec<Spot<'k>>,
    /// Candidates by what stands before their digits and by their serial, in
    /// steps of [`NEAR`].
    near: HashMap<(Vec<u8>, u64), Vec<usize>>,
    /// Whether some candidate is near a serial with this hash: most are not.
    hints: Box<[bool; 1 << 16]>,
    /// What the gaps offered so far weigh.
    offered: u64,
    /// At which weight some candidate takes the next.
    next: u64,
}

struct Spot<'k> {
    serial: u64,
    draw: Block<'k>,
    /// Drawn first, below [`TICKETS`]: how long it waits, and a place of the file.
    ticket: u64,
    target: u64,
    below: Option<Bound>,
    above: Option<Bound>,
    /// What gaps had weighed when the first bound came; `None` once both have come.
    since: Option<u64>,
    /// At which weight it takes the next gap.
    next: u64,
    gap: Option<Rc<Gap>>,
    /// The first number of the run that was near, and what gaps had weighed
    /// when it came.
    first: Option<(u64, u64)>,
    /// What the pause around the candidate lasts, in 1024ths of what pauses of
    /// the run last.
    pause: Option<u64>,
}

/// A real row whose number is near.
struct Bound {
    distance: u64,
    row: Rc<Row>,
}

/// Where a candidate belongs.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) gap: Rc<Gap>,
    /// The row with the nearest number.
    pub(super) donor: Rc<Row>,
    /// Whether real numbers lie on both sides.
    pub(super) is_inside: bool,
    /// How long it waits to be taken: an exponential time whose rate is how long
    /// its sender paused there. Whoever of several waits least is taken in
    /// proportion to the pauses.
    pub(super) wait: f64,
}

/// Candidates for each number that is used.
pub(super) const ONE_OF: u64 = 4;

impl<'k> Runs<'k> {
    pub(super) fn new<'t>(numbers: impl Iterator<Item = &'t str>, mut draw: impl FnMut(usize) -> Block<'k>) -> Self {
        let mut runs = Self {
            spots: Vec::new(),
            near: HashMap::new(),
            hints: Box::new([false; 1 << 16]),
            offered: 0,
            next: u64::MAX,
        };
        for (which, text) in numbers.enumerate() {
            let (head, serial) = split(text.as_bytes()).unwrap_or((&[], u64::MAX));
            for step in (serial / NEAR).saturating_sub(1)..=(serial / NEAR).saturating_add(1) {
                runs.hints[hint(step)] = true;
                runs.near.entry((head.to_ascii_uppercase(), step)).or_default().push(which);
            }
            let mut draw = draw(which);
            runs.spots.push(Spot {
                serial,
                ticket: draw.below_u64(TICKETS),
                target: draw.below_u64(TICKETS),
                draw,
                below: None,
                above: None,
                since: None,
                next: u64::MAX,
                gap: None,
                first: None,
                pause: None,
            });
        }
        runs
    }

    /// Offers the next gap; whether anybody takes it.
    pub(super) fn offer(&mut self, weight: u64) -> bool {
        self.offered += weight;
        self.offered >= self.next
    }

    /// Hands over the gap that [`Runs::offer`] found a taker for.
    pub(super) fn take(&mut self, gap: &Rc<Gap>) {
        for spot in self.spots.iter_mut().filter(|spot| spot.next <= self.offered) {
            spot.gap = Some(gap.clone());
            let since = spot.since.unwrap_or(self.offered);
            spot.next = since.saturating_add(place::next(self.offered - since, &mut spot.draw));
        }
        self.foresee();
    }

    /// Whether a real number bounds a candidate more closely than those before.
    pub(super) fn wants(&self, number: &[u8]) -> bool {
        let Some((head, serial)) = split(number) else { return false };
        self.around(head, serial).iter().any(|&which| self.spots[which].improves(serial))
    }

    /// Takes note of the row that has a real number.
    pub(super) fn meet(&mut self, number: &[u8], row: &Rc<Row>) {
        let Some((head, serial)) = split(number) else { return };
        for which in self.around(head, serial).to_vec() {
            let offered = self.offered;
            let spot = &mut self.spots[which];
            if spot.improves(serial) {
                spot.bind(serial, row, offered);
            }
        }
        self.foresee();
    }

    /// Drawn not from the block that its place is drawn from, whose use depends
    /// on the file.
    fn wait(&self, which: usize) -> f64 {
        self.patience(which) / (self.spots[which].pause.unwrap_or(0) as f64 / 1024.0).max(1e-3)
    }

    /// How long a candidate waits in a pause of the usual length.
    pub(super) fn patience(&self, which: usize) -> f64 {
        -libm::log(share(self.spots[which].ticket))
    }

    /// A share of the file that is drawn for a candidate, whether or not it has
    /// a place.
    pub(super) fn uniform(&self, which: usize) -> f64 {
        share(self.spots[which].target)
    }

    fn around(&self, head: &[u8], serial: u64) -> &[usize] {
        let step = serial / NEAR;
        if !self.hints[hint(step)] {
            return &[];
        }
        self.near.get(&(head.to_ascii_uppercase(), step)).map_or(&[], Vec::as_slice)
    }

    fn foresee(&mut self) {
        self.next = self.spots.iter().map(|spot| spot.next).min().unwrap_or(u64::MAX);
    }

    /// Where a candidate belongs, if the file has its run.
    pub(super) fn place(&self, which: usize) -> Option<Place> {
        let spot = self.spots.get(which)?;
        let nearest = match (&spot.below, &spot.above) {
            (Some(below), Some(above)) => {
                if below.distance <= above.distance {
                    below
                } else {
                    above
                }
            }
            (below, above) => below.as_ref().or(above.as_ref())?,
        };
        Some(Place {
            gap: spot.gap.clone()?,
            donor: nearest.row.clone(),
            is_inside: spot.below.is_some() && spot.above.is_some(),
            wait: self.wait(which),
        })
    }
}

impl Spot<'_> {
    fn improves(&self, serial: u64) -> bool {
        let distance = serial.abs_diff(self.serial);
        let side = if serial < self.serial { &self.below } else { &self.above };
        (1..NEAR).contains(&distance) && side.as_ref().is_none_or(|bound| distance < bound.distance)
    }

    fn bind(&mut self, serial: u64, row: &Rc<Row>, offered: u64) {
        let bound = Bound { distance: serial.abs_diff(self.serial), row: row.clone() };
        let (side, other) = match serial < self.serial {
            true => (&mut self.below, &self.above),
            false => (&mut self.above, &self.below),
        };
        // The gaps count from the last row on one side to the first on the other.
        if other.is_none() {
            (self.since, self.next, self.gap) = (Some(offered), offered + 1, None);
            self.first.get_or_insert((serial, offered));
        } else if let Some(since) = self.since.take() {
            self.next = u64::MAX;
            let nearest = other.as_ref().map_or(0, |bound| bound.distance);
            let (first, began) = self.first.unwrap_or((serial, since));
            // What the run took for a number so far, times the numbers from one
            // bound to the other.
            let numbers = first.abs_diff(self.serial) - nearest;
            let lasted = (since - began).saturating_mul(nearest + bound.distance).checked_div(numbers);
            let usual = lasted.filter(|usual| *usual > 0);
            self.pause = Some(usual.map_or(1024, |usual| ((offered - since) << 10) / usual));
        }
        *side = Some(bound);
    }
}

/// Resolution of drawn shares.
const TICKETS: u64 = 1 << 32;

/// A share in (0, 1].
fn share(ticket: u64) -> f64 {
    (ticket as f64 + 1.0) / TICKETS as f64
}

fn split(number: &[u8]) -> Option<(&[u8], u64)> {
    let (head, digits) = split_digits(number);
    let fits = !digits.is_empty() && digits.len() <= MOST_DIGITS;
    let serial = fits.then(|| digits.iter().fold(0, |serial, digit| 10 * serial + u64::from(digit - b'0')))?;
    Some((head, serial))
}

fn hint(step: u64) -> usize {
    (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::Keystream;

    fn row(number: &str) -> Rc<Row> {
        Rc::new(Row { bytes: number.as_bytes().to_vec(), content: number.len(), fields: Vec::new(), is_fit: true })
    }

    /// Shows a file's numbers to the candidates, a gap before each.
    fn shown<'k>(candidates: &[&str], file: &[&str], keystream: &'k Keystream) -> Runs<'k> {
        let mut runs = Runs::new(candidates.iter().copied(), |which| keystream.block(which));
        for (at, number) in file.iter().enumerate() {
            if runs.offer(1) {
                runs.take(&Rc::new(Gap::new(at as u64, None, None)));
            }
            if runs.wants(number.as_bytes()) {
                runs.meet(number.as_bytes(), &row(number));
            }
        }
        runs
    }

    #[test]
    fn a_candidate_stands_between_the_rows_of_its_run() {
        let file = ["YT500", "YT7", "YT100", "YT8", "YT501", "YT900", "YT104", "YT9", "YT105"];
        for seed in 0..30 {
            let keystream = Keystream::new(&[seed; 32], 2);
            let runs = shown(&["yt102", "YT3000"], &file, &keystream);

            let place = runs.place(0).expect("its run is there");
            assert!((3..=6).contains(&place.gap.at), "{}", place.gap.at);
            assert!(place.is_inside);
            assert!(matches!(place.donor.bytes.as_slice(), b"YT100" | b"YT104"));
            assert!(runs.place(1).is_none(), "no run is near");
        }
    }

    #[test]
    fn candidates_in_long_pauses_are_drawn_more_often() {
        let numbers: Vec<String> = (0..4000).map(|_| "11".to_owned()).collect();
        let candidates: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let keystream = Keystream::new(&[8; 32], candidates.len());
        let waits = |file: &[&str]| -> Vec<f64> {
            let runs = shown(&candidates, file, &keystream);
            (0..candidates.len()).map(|which| runs.place(which).expect("a place").wait).collect()
        };

        // A gap for a number, as between the rows before; then three for two.
        let usual = waits(&["8", "9", "10", "500", "12"]);
        let long = waits(&["8", "9", "10", "500", "501", "502", "503", "504", "12"]);

        // Of one in a usual pause and another in one of three times that, the
        // other is taken in three of four cases: 3,000 with a deviation of 27.
        let first = (0..candidates.len()).filter(|&at| long[at] < usual[(at + 1) % usual.len()]).count();
        assert!((2870..3130).contains(&first), "{first}");
    }

    #[test]
    fn every_gap_between_them_is_as_likely() {
        let candidates = vec!["102"; 4000];
        let keystream = Keystream::new(&[5; 32], candidates.len());
        let runs = shown(&candidates, &["7", "100", "8", "9", "104", "200"], &keystream);

        let mut counts = [0u32; 6];
        (0..candidates.len()).for_each(|which| counts[runs.place(which).expect("a place").gap.at as usize] += 1);

        assert_eq!(counts[..2], [0, 0]);
        assert_eq!(counts[5], 0);
        // 1,333 expected, with a standard deviation of 30.
        assert!(counts[2..5].iter().all(|count| (1180..1490).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_falling_run_is_a_run_and_the_end_of_one_has_one_side() {
        let keystream = Keystream::new(&[6; 32], 2);
        let runs = shown(&["102", "111"], &["110", "5500", "104", "6600", "100", "7700"], &keystream);

        let place = runs.place(0).expect("its run falls");
        assert!((3..=4).contains(&place.gap.at) && place.is_inside);
        assert!(!runs.place(1).expect("the end of a run").is_inside);
    }
}
