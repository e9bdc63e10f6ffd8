//! The sources that are judged, packed.

/// One source: whose it is, since when it counts, and its codeword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// Whose it is: all sources of one owner are left out together.
    pub owner: u32,
    /// Only rings at or after this time count for it; in the unit of
    /// [`Ring::time`](super::Ring::time).
    pub start: i64,
    /// Its lines, as places in the pool, rising.
    pub lines: &'a [u32],
}

/// Sources in one piece of memory: 4 bytes a line and 16 a source.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    owners: Vec<u32>,
    starts: Vec<i64>,
    ends: Vec<u32>,
    lines: Vec<u32>,
}

impl Sources {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a source.
    pub fn push(&mut self, source: Source<'_>) {
        self.owners.push(source.owner);
        self.starts.push(source.start);
        self.lines.extend_from_slice(source.lines);
        self.ends.push(u32::try_from(self.lines.len()).expect("candidates have fewer than four billion lines"));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// The source at `place`.
    ///
    /// # Panics
    ///
    /// When there are no more than `place`.
    pub fn get(&self, place: usize) -> Source<'_> {
        let from = if place == 0 { 0 } else { self.ends[place - 1] };
        Source {
            owner: self.owners[place],
            start: self.starts[place],
            lines: &self.lines[from as usize..self.ends[place] as usize],
        }
    }

    /// Whose the source at `place` is.
    pub(super) fn owner(&self, place: usize) -> u32 {
        self.owners[place]
    }

    /// How many lines the source at `place` has.
    pub(super) fn lines(&self, place: usize) -> usize {
        self.get(place).lines.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Source<'_>> {
        (0..self.len()).map(|place| self.get(place))
    }
}

impl<'a> FromIterator<Source<'a>> for Sources {
    fn from_iter<I: IntoIterator<Item = Source<'a>>>(sources: I) -> Self {
        let mut all = Self::new();
        for source in sources {
            all.push(source);
        }
        all
    }
}
