//! The stream of calls as joint certification sees it.
//!
//! A source counts rings from its own start on, so sources fall into classes:
//! those that start between the same two rings see the same counts. Where that
//! makes too many of them, some neighbours share a class, which sees what the
//! last of them sees: a source may miss a few rings, and never counts one from
//! before its start. Rates are scaled for levels of starts only, each of which
//! sees about 0.7 times as many rings as the one before; a class uses its
//! level's rates with its own counts. Classes and levels come from the stream
//! alone, so any rates may be used with them.

/// A call that counts, on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ring {
    /// Place of the line in the pool.
    pub line: u32,
    /// When; in any unit.
    pub time: i64,
}

/// Each level sees at most this share of what the one before sees.
const NEXT_LEVEL: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Counts that are worked out for one explanation: classes times lines that rang.
const MOST_COUNTS: usize = 40_000;

/// Classes that are kept apart however many lines rang.
const FEWEST_CLASSES: usize = 32;

/// All rings, by line.
#[derive(Clone, Debug)]
pub struct Stream {
    pool: usize,
    /// Times at which classes start, rising; all or some of the rings' times.
    times: Vec<i64>,
    /// Lines that rang, rising.
    lines: Vec<u32>,
    /// For each line of the pool its place in `lines`, or `SILENT`.
    places: Vec<u32>,
    /// Classes of each line's rings, rising.
    rings: Vec<Vec<u32>>,
    levels: Vec<Level>,
}

const SILENT: u32 = u32::MAX;

/// Rates for the sources of several classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// The first class of the level.
    pub(super) class: u32,
    /// Share of all rings that it sees.
    pub(super) share: f64,
    /// Rings that it sees on a line, lines without any left out.
    pub(super) mean: f64,
}

impl Stream {
    /// Sorts `rings`, in any order, on `pool` lines.
    ///
    /// # Panics
    ///
    /// When a ring is on a line outside the pool.
    pub fn new(pool: u32, rings: &[Ring]) -> Self {
        let times = class_times(rings);
        let mut by_line: Vec<Vec<u32>> = vec![Vec::new(); pool as usize];
        for ring in rings {
            // The newest class that sees it.
            by_line[ring.line as usize].push(times.partition_point(|&time| time <= ring.time) as u32 - 1);
        }
        let mut stream = Self {
            pool: pool as usize,
            times,
            lines: Vec::new(),
            places: vec![SILENT; pool as usize],
            rings: Vec::new(),
            levels: Vec::new(),
        };
        for (line, mut classes) in by_line.into_iter().enumerate().filter(|(_, classes)| !classes.is_empty()) {
            classes.sort_unstable();
            stream.places[line] = stream.lines.len() as u32;
            stream.lines.push(line as u32);
            stream.rings.push(classes);
        }
        stream.levels = stream.make_levels();
        stream
    }

    /// Lines of the pool.
    pub fn pool(&self) -> usize {
        self.pool
    }

    /// How many rings there are.
    pub fn rings(&self) -> usize {
        self.rings.iter().map(Vec::len).sum()
    }

    /// How many lines rang.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// How many of `lines` rang at or after `start`.
    pub fn rang(&self, lines: &[u32], start: i64) -> usize {
        let class = self.class(start);
        let newest = |&line: &u32| self.rings_at(self.place(line)?).last();
        lines.iter().filter_map(newest).filter(|&&newest| newest >= class).count()
    }

    /// How many classes there are; sources of the last one see no ring.
    pub(super) fn classes(&self) -> usize {
        self.times.len() + 1
    }

    /// The class of sources that start at `start`.
    pub(super) fn class(&self, start: i64) -> u32 {
        self.times.partition_point(|&time| time < start) as u32
    }

    /// The levels, first class first; one at least.
    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Which level a class is of.
    pub(super) fn level(&self, class: u32) -> usize {
        self.levels.partition_point(|level| level.class <= class) - 1
    }

    /// Place of `line` among those that rang.
    pub(super) fn place(&self, line: u32) -> Option<u32> {
        let place = self.places[line as usize];
        (place != SILENT).then_some(place)
    }

    /// Classes at which the line at `place` rang, rising.
    pub(super) fn rings_at(&self, place: u32) -> &[u32] {
        &self.rings[place as usize]
    }

    /// Rings of the line at `place` that sources of `class` see.
    pub(super) fn calls(&self, place: u32, class: u32) -> usize {
        let rings = self.rings_at(place);
        rings.len() - rings.partition_point(|&ring| ring < class)
    }

    /// Rings of each line that rang.
    pub(super) fn all_calls(&self) -> Vec<f64> {
        self.rings.iter().map(|rings| rings.len() as f64).collect()
    }

    fn make_levels(&self) -> Vec<Level> {
        let mut rings = vec![0; self.classes()];
        self.rings.iter().flatten().for_each(|&class| rings[class as usize] += 1);
        let mut seen: Vec<usize> = rings;
        for class in (0..self.times.len()).rev() {
            seen[class] += seen[class + 1];
        }
        let mut levels: Vec<Level> = Vec::new();
        let mut before = f64::INFINITY;
        for (class, &count) in seen.iter().enumerate() {
            let is_new = count > 0 && count as f64 <= before * NEXT_LEVEL;
            if is_new || levels.is_empty() {
                before = count as f64;
                levels.push(self.make_level(class as u32, before / seen[0].max(1) as f64));
            }
        }
        levels
    }

    fn make_level(&self, class: u32, share: f64) -> Level {
        let calls = (0..self.lines.len() as u32).map(|place| self.calls(place, class));
        let (sum, rang) = calls.fold((0, 0), |(sum, rang), calls| (sum + calls, rang + usize::from(calls > 0)));
        Level { class, share, mean: if rang == 0 { 1.0 } else { sum as f64 / rang as f64 } }
    }
}

/// The times at which classes start: those of all rings where that is not too
/// much, else of every so manieth ring.
fn class_times(rings: &[Ring]) -> Vec<i64> {
    let mut lines: Vec<u32> = rings.iter().map(|ring| ring.line).collect();
    lines.sort_unstable();
    lines.dedup();
    let most = (MOST_COUNTS / lines.len().max(1)).max(FEWEST_CLASSES);
    let mut times: Vec<i64> = rings.iter().map(|ring| ring.time).collect();
    times.sort_unstable();
    let mut distinct = times.clone();
    distinct.dedup();
    if distinct.len() > most {
        distinct = times.into_iter().step_by(rings.len().div_ceil(most)).collect();
        distinct.dedup();
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        let ring = |line, time| Ring { line, time };
        Stream::new(9, &[ring(4, 30), ring(2, 10), ring(4, 10), ring(7, 50), ring(4, 30)])
    }

    #[test]
    fn a_source_sees_the_rings_from_its_start_on() {
        let stream = stream();
        let place = stream.place(4).expect("it rang");

        let seen = [9, 10, 11, 30, 31, 51].map(|start| stream.calls(place, stream.class(start)));

        assert_eq!(seen, [3, 3, 2, 2, 0, 0]);
        assert_eq!(stream.place(3), None);
    }

    #[test]
    fn each_level_sees_less_and_none_sees_nothing() {
        let stream = stream();

        let shares: Vec<f64> = stream.levels().iter().map(|level| level.share).collect();

        assert_eq!(shares, [1.0, 0.6, 0.2]);
        assert_eq!(stream.level(stream.class(1_000)), 2);
    }

    #[test]
    fn a_long_stream_has_few_classes_and_no_ring_counts_before_its_source() {
        let rings: Vec<Ring> = (0..50_000).map(|k| Ring { line: k % 1000, time: i64::from(k) }).collect();
        let stream = Stream::new(2000, &rings);

        let seen = |start: i64| (0..1000).map(|place| stream.calls(place, stream.class(start))).sum::<usize>();

        assert_eq!((stream.classes(), seen(0), seen(50_000)), (41, 50_000, 0));
        for start in [1, 777, 25_000, 48_000] {
            let due = 50_000 - start as usize;
            assert!(seen(start) <= due && seen(start) + 1250 > due, "{start}: {}", seen(start));
        }
    }

    #[test]
    fn a_stream_of_nothing_has_a_level() {
        let stream = Stream::new(5, &[]);

        assert_eq!((stream.rings(), stream.classes(), stream.levels().len()), (0, 1, 1));
    }
}
