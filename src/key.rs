//! The key ladder: master key, epoch key, one subkey per label.
//!
//! HKDF-SHA256 (RFC 5869) takes one step down at a time, so a subkey given to
//! a machine that only scans, or only opens observations, opens nothing else.
//! Epoch 0 is no quarter: its subkeys belong to the workspace (sealing, tags).
//! No type here prints its bytes; what is shown instead is the [`KeyId`].

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::derive::Seed;

/// Bytes in a master key, and in every key derived from it.
pub const KEY_BYTES: usize = 32;

/// The epoch number whose subkeys belong to the workspace as a whole.
pub const WORKSPACE: u32 = 0;

/// The secret that every canary of a workspace is derived from.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    /// Takes 32 bytes as a key.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Draws a fresh key from the system's generator.
    ///
    /// # Errors
    ///
    /// If the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Parses a key file: 64 hexadecimal digits, blanks around them ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?;
        }
        Some(Self(bytes))
    }

    /// Writes the key as [`MasterKey::parse`] reads it: the one way out.
    pub fn to_file_text(&self) -> zeroize::Zeroizing<String> {
        let mut text = zeroize::Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        for byte in self.0 {
            use fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        text
    }

    /// Lends the raw bytes, for a key that is kept in a file of the same form.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Names the key without giving it away.
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        expand(b"trapline/v1/key-id", &self.0, &[], &mut id);
        KeyId(id)
    }

    /// Steps down to the key of one epoch.
    pub fn epoch(&self, epoch: u32) -> EpochKey {
        let mut bytes = [0; KEY_BYTES];
        expand(b"trapline/v1/epoch", &self.0, &epoch.to_le_bytes(), &mut bytes);
        EpochKey(bytes)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey(key-id {})", self.id())
    }
}

/// The public name of a master key: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// Parses what [`KeyId`] prints.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok())?.map(|n| Self(n.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The key of one epoch.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EpochKey([u8; KEY_BYTES]);

impl EpochKey {
    /// Steps down to the subkey of one label.
    pub fn subkey(&self, label: Label) -> Subkey {
        let mut bytes = [0; KEY_BYTES];
        expand(b"trapline/v1/subkey", &self.0, label.name().as_bytes(), &mut bytes);
        Subkey::new(label, bytes)
    }
}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochKey(..)")
    }
}

/// What a subkey is for. Outputs under different labels are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Line sets of accounts and batches.
    Lines,
    /// Names and addresses.
    Persona,
    /// Goods, weight, fee and the like.
    Parcel,
    /// The permutation of waybill blocks.
    Number,
    /// Shared slots (differencing).
    Slots,
    /// Keyed tags of what the registry must find but not show.
    Tag,
    /// Sealing of what the registry must keep but not show.
    Seal,
    /// Where canaries go in a file, and which context they take.
    Place,
    /// The scan index: what a machine that only scans is given.
    Scan,
    /// The scrub filter: what a job that only leaves canaries out is given.
    Scrub,
}

impl Label {
    /// The label as it enters the derivation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Persona => "persona",
            Self::Parcel => "parcel",
            Self::Number => "number",
            Self::Slots => "slots",
            Self::Tag => "tag",
            Self::Seal => "seal",
            Self::Place => "place",
            Self::Scan => "scan",
            Self::Scrub => "scrub",
        }
    }
}

/// A pseudo-random function under one label.
///
/// The message is `"trapline/v1/" label 00`, then each part as its length
/// (32-bit little-endian) and its bytes. Two different lists of parts are
/// therefore two different messages.
#[derive(Clone)]
pub struct Subkey {
    bytes: zeroize::Zeroizing<[u8; KEY_BYTES]>,
    /// The key schedule with the prefix absorbed: hashed once, cloned per call.
    state: Message,
}

impl Subkey {
    fn new(label: Label, bytes: [u8; KEY_BYTES]) -> Self {
        let mut state = KeyedHash::new(&bytes).message();
        state.update(b"trapline/v1/");
        state.update(label.name().as_bytes());
        state.update(&[0]);
        Self { bytes: zeroize::Zeroizing::new(bytes), state }
    }

    /// Returns the function's 32 bytes at `parts`.
    pub fn seed(&self, parts: &[&[u8]]) -> Seed {
        let mut state = self.state.clone();
        for part in parts {
            let length = u32::try_from(part.len()).expect("inputs of derivation are short");
            state.update(&length.to_le_bytes());
            state.update(part);
        }
        state.tag()
    }

    /// Lends the raw key, for an AEAD.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for Subkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subkey(..)")
    }
}

/// HMAC-SHA256 (RFC 2104) under one 32-byte key, which is hashed once.
///
/// Half of all that a canary costs is spent in its compressions. The general
/// type of the `hmac` crate takes a third more than those alone: it hands
/// messages from buffer to buffer, and these are a block or two.
#[derive(Clone)]
pub(crate) struct KeyedHash {
    inner: [u32; 8],
    outer: [u32; 8],
}

/// Bytes in a block of SHA-256.
const BLOCK: usize = 64;

/// The initial state of SHA-256 (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

impl KeyedHash {
    /// Hashes the key.
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        let keyed = |pad: u8| {
            let mut block = [pad; BLOCK];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            let mut state = INITIAL;
            compress256(&mut state, &[block]);
            state
        };
        Self { inner: keyed(0x36), outer: keyed(0x5c) }
    }

    /// Begins a message.
    #[inline]
    pub(crate) fn message(&self) -> Message {
        Message { state: self.inner, outer: self.outer, block: [0; BLOCK], length: 0 }
    }
}

/// A message that a [`KeyedHash`] is reading.
#[derive(Clone)]
pub(crate) struct Message {
    state: [u32; 8],
    outer: [u32; 8],
    /// What came since the last full block.
    block: [u8; BLOCK],
    /// Bytes so far, without the key's block.
    length: usize,
}

impl Message {
    /// Reads on.
    #[inline]
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        let mut at = self.length % BLOCK;
        self.length += bytes.len();
        while bytes.len() >= BLOCK - at {
            let (head, rest) = bytes.split_at(BLOCK - at);
            self.block[at..].copy_from_slice(head);
            compress256(&mut self.state, &[self.block]);
            (bytes, at) = (rest, 0);
        }
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Ends the message and returns its tag.
    #[inline]
    pub(crate) fn tag(mut self) -> [u8; 32] {
        let at = self.length % BLOCK;
        self.block[at] = 0x80;
        self.block[at + 1..].fill(0);
        if at + 1 > BLOCK - 8 {
            compress256(&mut self.state, &[self.block]);
            self.block = [0; BLOCK];
        }
        let digest = end(self.state, self.block, self.length);
        let mut block = [0; BLOCK];
        block[..32].copy_from_slice(&digest);
        block[32] = 0x80;
        end(self.outer, block, digest.len())
    }
}

/// Writes the message's length behind its padding and hashes the last block.
/// The key's block counts as part of the message.
#[inline]
fn end(mut state: [u32; 8], mut block: [u8; BLOCK], length: usize) -> [u8; 32] {
    block[BLOCK - 8..].copy_from_slice(&(8 * (BLOCK + length) as u64).to_be_bytes());
    compress256(&mut state, &[block]);
    let mut digest = [0; 32];
    digest.chunks_exact_mut(4).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    digest
}

/// HMAC-SHA256 keyed with `key`, of any length.
pub(crate) fn mac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256>>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn expand(salt: &[u8], ikm: &[u8], info: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, out).expect("a key is far shorter than HKDF's limit");
}

#[cfg(test)]
mod tests {
    use hmac::Mac as _;

    use super::*;

    #[test]
    fn a_key_survives_its_file() {
        let key = MasterKey::from_bytes([0xa5; 32]);

        let read = MasterKey::parse(&key.to_file_text()).expect("its own text");

        assert_eq!(read.id(), key.id());
    }

    #[test]
    fn a_key_prints_its_id_only() {
        let key = MasterKey::from_bytes([0xa5; 32]);

        let printed = format!("{key:?} {:?} {:?}", key.epoch(1), key.epoch(1).subkey(Label::Seal));

        assert!(!printed.contains("a5a5"), "{printed}");
    }

    #[test]
    fn malformed_key_files_are_refused() {
        for text in ["", "00", &"g0".repeat(32), &"+1".repeat(32), &"00".repeat(33)] {
            assert!(MasterKey::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha256() {
        let key = [7; KEY_BYTES];
        let text: Vec<u8> = (0..=255).cycle().take(300).collect();
        for length in 0..=text.len() {
            let (message, mut reference) = (&text[..length], mac(&key));
            reference.update(message);
            let expected: [u8; 32] = reference.finalize().into_bytes().into();

            for cut in [0, length / 3, length] {
                let mut state = KeyedHash::new(&key).message();
                state.update(&message[..cut]);
                state.update(&message[cut..]);
                assert_eq!(state.tag(), expected, "{length} bytes, cut at {cut}");
            }
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        let subkey = MasterKey::from_bytes([1; 32]).epoch(1).subkey(Label::Lines);

        assert_ne!(subkey.seed(&[b"ab", b"c"]), subkey.seed(&[b"a", b"bc"]));
        assert_ne!(subkey.seed(&[b"ab"]), subkey.seed(&[b"ab", b""]));
    }
}
