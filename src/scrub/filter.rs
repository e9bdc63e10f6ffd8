//! The scrub filter: what a job needs that leaves canaries out where there is
//! no workspace.
//!
//! It holds a keyed tag of every canary's number and of every writing of every
//! trap line, and says nothing of whose they are. A blocked Bloom filter of a
//! byte and a half a canary says no to nearly all real rows; what passes it is
//! looked for in a sorted table of tags, and only what stands there is a
//! canary. Tags are HMAC-SHA256, which every language has. The bytes are
//! specified in `docs/formats/scrub-filter.md`, and `scripts/warehouse` reads
//! them with Python's standard library alone.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use rayon::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::register::Register;
use super::{Kind, Known, written};
use crate::fault::Fault;
use crate::key::{KEY_BYTES, KeyedHash, Label, MasterKey, WORKSPACE};
use crate::scan::Tag;
use crate::scan::index::filter;

const MAGIC: &[u8; 8] = b"TRAPSCRB";
const VERSION: u32 = 1;
const HEADER: usize = 64;
const TAG: usize = 16;
const PROOF: usize = 32;

/// What a job that uses a filter is given beside it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FilterKey([u8; KEY_BYTES]);

impl FilterKey {
    /// The key of a workspace's filters.
    pub fn of(master: &MasterKey) -> Self {
        Self(*master.epoch(WORKSPACE).subkey(Label::Scrub).bytes())
    }

    /// Parses a key file, which looks like that of a master key.
    pub fn parse(text: &str) -> Option<Self> {
        MasterKey::parse(text).map(|key| Self(*key.bytes()))
    }

    /// Writes the key as [`FilterKey::parse`] reads it.
    pub fn to_file_text(&self) -> zeroize::Zeroizing<String> {
        MasterKey::from_bytes(self.0).to_file_text()
    }

    fn id(&self) -> [u8; 8] {
        self.derived(b"id")[..8].try_into().expect("eight of 32 bytes")
    }

    fn derived(&self, purpose: &[u8]) -> [u8; KEY_BYTES] {
        let mut message = KeyedHash::new(&self.0).message();
        message.update(b"trapline/v1/scrub/");
        message.update(purpose);
        message.tag()
    }

    fn tagger(&self) -> Tagger {
        Tagger(KeyedHash::new(&self.derived(b"tag")))
    }

    fn proof(&self, bytes: &[u8]) -> [u8; PROOF] {
        let mut message = KeyedHash::new(&self.derived(b"proof")).message();
        message.update(bytes);
        message.tag()
    }
}

impl fmt::Debug for FilterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilterKey(..)")
    }
}

/// The function that makes tags. A number and a phone of the same characters
/// have different ones.
struct Tagger(KeyedHash);

impl Tagger {
    fn number(&self, number: &str) -> [u8; TAG] {
        self.tag(b'n', number)
    }

    fn phone(&self, phone: &str) -> [u8; TAG] {
        self.tag(b'p', phone)
    }

    fn tag(&self, what: u8, text: &str) -> [u8; TAG] {
        let mut message = self.0.message();
        message.update(&[what]);
        message.update(text.as_bytes());
        message.tag()[..TAG].try_into().expect("sixteen of 32 bytes")
    }
}

/// What the filter's block and its bits are chosen by.
fn choice(tag: &[u8; TAG]) -> Tag {
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Tag { key: word(&tag[..8]), rest: word(&tag[8..]) }
}

/// Makes the filter of everything that was planted.
pub fn write_filter(key: &FilterKey, register: &Register, made: Timestamp) -> Vec<u8> {
    let tagger = key.tagger();
    let numbers = register.numbers(|number| Some(tagger.number(written::number(number.chars())?.as_str())));
    write(key, numbers, register.lines().map(|line| tagger.phone(line)).collect(), made)
}

/// Makes a filter of these values, each in any of its writings; what is no
/// number, or no phone, is left out.
pub fn filter_of(key: &FilterKey, numbers: &[&str], phones: &[&str], made: Timestamp) -> Vec<u8> {
    let tagger = key.tagger();
    let numbers = numbers.iter().filter_map(|text| Some(tagger.number(written::number(text.chars())?.as_str())));
    let phones = phones.iter().filter_map(|text| Some(tagger.phone(written::phone(text.chars())?.as_str())));
    write(key, numbers.collect(), phones.collect(), made)
}

fn write(key: &FilterKey, mut numbers: Vec<[u8; TAG]>, mut phones: Vec<[u8; TAG]>, made: Timestamp) -> Vec<u8> {
    for tags in [&mut numbers, &mut phones] {
        tags.par_sort_unstable();
        tags.dedup();
    }
    let (numbers, phones, mut tags) = (numbers.len(), phones.len(), [numbers, phones].concat());
    tags.par_sort_unstable();
    let bits = filter::make(tags.len(), tags.iter().map(choice));
    let mut bytes = Vec::with_capacity(HEADER + bits.len() + TAG * tags.len() + PROOF);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&key.id());
    let made = u64::try_from(made.as_second()).unwrap_or(0);
    for count in [numbers as u64, phones as u64, bits.len() as u64, made] {
        bytes.extend_from_slice(&count.to_le_bytes());
    }
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&bits);
    bytes.extend_from_slice(tags.as_flattened());
    let proof = key.proof(&bytes);
    bytes.extend_from_slice(&proof);
    bytes
}

/// A filter that was proved genuine.
pub struct Filter {
    bytes: Vec<u8>,
    filter: Range<usize>,
    tags: Range<usize>,
    numbers: u64,
    phones: u64,
    made: Timestamp,
    tagger: Tagger,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// When it is none, is of another version or key, was cut or changed.
    pub fn read(bytes: Vec<u8>, key: &FilterKey) -> Result<Self, Fault> {
        let make = "make it again with `trapline scrub --filter FILE`";
        let header = bytes.first_chunk::<HEADER>().filter(|header| header.starts_with(MAGIC));
        let header = header.ok_or_else(|| Fault::new("this is no scrub filter").hint(make))?;
        let version = u32::from_le_bytes(header[8..12].try_into().expect("four bytes"));
        if version != VERSION {
            return Err(
                Fault::new(format!("the filter has version {version}; this program reads {VERSION}")).hint(make)
            );
        }
        if header[16..24] != key.id() {
            return Err(Fault::new("the filter was made with another key")
                .hint("take the key that `trapline scrub --key-out` wrote beside this filter"));
        }
        let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        let (numbers, phones, bits, made) = (number(24), number(32), number(40), number(48));
        let (filter, tags) =
            sections(numbers, phones, bits).filter(|(_, tags)| tags.end + PROOF == bytes.len()).ok_or_else(|| {
                Fault::new(format!("the filter was cut: {} bytes do not agree with its header", bytes.len())).hint(make)
            })?;
        if key.proof(&bytes[..tags.end]) != bytes[tags.end..] {
            return Err(Fault::new("the filter was changed or damaged").hint(make));
        }
        let made = i64::try_from(made).ok().and_then(|second| Timestamp::from_second(second).ok());
        let made = made.ok_or_else(|| Fault::new("the filter's date is none").hint(make))?;
        Ok(Self { filter, tags, numbers, phones, made, tagger: key.tagger(), bytes })
    }

    /// How many numbers it holds: a canary has one for each writing.
    pub fn numbers(&self) -> u64 {
        self.numbers
    }

    /// How many writings of trap lines it holds.
    pub fn phones(&self) -> u64 {
        self.phones
    }

    /// When it was made: what was planted later is not in it.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    fn holds(&self, tag: &[u8; TAG]) -> bool {
        // The filter nominates; the table decides.
        filter::Filter::of(&self.bytes[self.filter.clone()]).may_hold(choice(tag))
            && self.bytes[self.tags.clone()].as_chunks::<TAG>().0.binary_search(tag).is_ok()
    }
}

/// Places of the filter and of the table of tags.
fn sections(numbers: u64, phones: u64, bits: u64) -> Option<(Range<usize>, Range<usize>)> {
    let tags = usize::try_from(numbers.checked_add(phones)?.checked_mul(TAG as u64)?).ok()?;
    let middle = HEADER.checked_add(usize::try_from(bits).ok()?)?;
    let end = middle.checked_add(tags)?;
    end.checked_add(PROOF)?;
    Some((HEADER..middle, middle..end))
}

impl Known for Filter {
    fn number(&self, number: &str) -> Option<Kind> {
        self.holds(&self.tagger.number(number)).then_some(Kind::Number)
    }

    fn phone(&self, phone: &str) -> bool {
        self.holds(&self.tagger.phone(phone))
    }
}
