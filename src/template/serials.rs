//! The serials of a reserved block: all from a first one on, or those of
//! several ranges, such as the gaps in runs that parcels are numbered from.

use std::sync::Arc;

use crate::fault::Fault;
use crate::template::yaml::Node;

/// Serials by their place in the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serials {
    /// This one, and as many after it as the block has.
    From(u64),
    /// Rising ranges that do not touch.
    Ranges(Arc<[Range]>),
}

/// Serials that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    first: u64,
    count: u64,
    /// Places of the ranges before it.
    before: u64,
}

/// Most serials of a block.
pub(crate) const MOST: u64 = 1_000_000_000_000;

impl Serials {
    /// The serial at `place`.
    pub(crate) fn at(&self, place: u64) -> u64 {
        match self {
            Self::From(start) => start + place,
            Self::Ranges(ranges) => {
                let range = &ranges[ranges.partition_point(|range| range.before <= place) - 1];
                range.first + (place - range.before)
            }
        }
    }

    /// The place of a serial, which may be beyond the block.
    pub(crate) fn place_of(&self, serial: u64) -> Option<u64> {
        match self {
            Self::From(start) => serial.checked_sub(*start),
            Self::Ranges(ranges) => {
                let range = &ranges[ranges.partition_point(|range| range.first <= serial).checked_sub(1)?];
                (serial - range.first < range.count).then(|| range.before + (serial - range.first))
            }
        }
    }

    /// First and last serial of each range of a block of `size`.
    pub(crate) fn spans(&self, size: u64) -> Vec<(u64, u64)> {
        match self {
            Self::From(start) => vec![(*start, start + size - 1)],
            Self::Ranges(ranges) => ranges.iter().map(|range| (range.first, range.first + range.count - 1)).collect(),
        }
    }

    /// One past the last serial of a block of `size`; `None` beyond 64 bits.
    pub(crate) fn end(&self, size: u64) -> Option<u64> {
        match self {
            Self::From(start) => start.checked_add(size),
            Self::Ranges(ranges) => ranges.last().and_then(|range| range.first.checked_add(range.count)),
        }
    }

    /// Reads texts of `first+count`, parted by blanks; and the block's size.
    pub(crate) fn read(node: &Node<'_>) -> Result<(Self, u64), Fault> {
        let mut ranges: Vec<Range> = Vec::new();
        let mut size = 0u64;
        for item in node.list()? {
            for word in item.text()?.split_whitespace() {
                let (first, count) = word.split_once('+').unwrap_or((word, "1"));
                let (Ok(first), Ok(count)) = (first.parse::<u64>(), count.parse::<u64>()) else {
                    return Err(item.fault(format!("expected ranges such as 866754432725+2, found {word:?}")));
                };
                let follows = ranges.last().is_none_or(|last| last.first + last.count <= first);
                if count == 0 || first > u64::MAX / 2 || count > MOST - size || !follows {
                    return Err(item.fault(format!("the range {word:?} is empty, too large, or not behind the last")));
                }
                ranges.push(Range { first, count, before: size });
                size += count;
            }
        }
        if ranges.is_empty() {
            return Err(node.fault("expected at least one range"));
        }
        Ok((Self::Ranges(ranges.into()), size))
    }
}
