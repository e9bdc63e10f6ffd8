//! The scan key, and what is made of it.
//!
//! A machine that scans is given this key and an index, never the master key
//! or the registry. Three keys follow from it: one for fingerprints of tokens,
//! one that seals the index's directory, one that proves the index genuine. An
//! index that is stolen without it is noise.

use std::fmt;

use aes::Aes128Enc;
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::token::Token;
use crate::key::{KEY_BYTES, KeyedHash, Label, MasterKey, Message, WORKSPACE};

/// What a scanning machine is given beside the index.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ScanKey([u8; KEY_BYTES]);

impl ScanKey {
    /// The scan key of a workspace.
    pub fn of(master: &MasterKey) -> Self {
        Self(*master.epoch(WORKSPACE).subkey(Label::Scan).bytes())
    }

    /// Parses a key file, which looks like that of a master key.
    pub fn parse(text: &str) -> Option<Self> {
        MasterKey::parse(text).map(|key| Self(*key.bytes()))
    }

    /// Writes the key as [`ScanKey::parse`] reads it.
    pub fn to_file_text(&self) -> zeroize::Zeroizing<String> {
        MasterKey::from_bytes(self.0).to_file_text()
    }

    /// Bytes that sealing adds.
    pub(super) const OVERHEAD: usize = NONCE_BYTES + 16;

    /// Names the key without giving it away.
    pub(super) fn id(&self) -> [u8; 8] {
        self.derived(b"id")[..8].try_into().expect("eight of 32 bytes")
    }

    fn derived(&self, purpose: &[u8]) -> [u8; KEY_BYTES] {
        let mut message = KeyedHash::new(&self.0).message();
        message.update(b"trapline/v1/scan/");
        message.update(purpose);
        message.tag()
    }

    /// The function that fingerprints tokens.
    pub(super) fn tagger(&self) -> Tagger {
        let key: [u8; 16] = self.derived(b"tag")[..16].try_into().expect("sixteen of 32 bytes");
        Tagger(Aes128Enc::new(&key.into()))
    }

    /// Begins the proof that an index is genuine.
    pub(super) fn proof(&self) -> Message {
        KeyedHash::new(&self.derived(b"proof")).message()
    }

    /// Seals a directory; `header` is bound to it.
    pub(super) fn seal(&self, header: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the system gives randomness");
        let payload = Payload { msg: plain, aad: header };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("directories are below the limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`ScanKey::seal`] made.
    pub(super) fn open(&self, header: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: header }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derived(b"seal").into())
    }
}

const NONCE_BYTES: usize = 24;

impl fmt::Debug for ScanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScanKey(..)")
    }
}

/// A token's fingerprint: the 128 bits that AES makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag {
    /// What the filter and the choice of a bucket go by.
    pub(crate) key: u64,
    /// What is looked at in the filter's block; entries of a bucket are told
    /// apart by the upper 48 bits.
    pub(crate) rest: u64,
}

/// AES-128 of a token: a pseudo-random permutation of 16-byte blocks, so two
/// tokens never share all of a fingerprint, and none tells anything of its token.
pub(super) struct Tagger(Aes128Enc);

impl Tagger {
    /// Fingerprints many tokens: the cipher works on several blocks at once.
    pub(super) fn tag_all(&self, tokens: impl Iterator<Item = Token>, blocks: &mut Vec<Block<Aes128Enc>>) {
        blocks.clear();
        blocks.extend(tokens.map(|token| Block::<Aes128Enc>::from(token.bytes())));
        self.0.encrypt_blocks(blocks);
    }

    /// Fingerprints one.
    pub(super) fn tag(&self, token: Token) -> Tag {
        let mut block = Block::<Aes128Enc>::from(token.bytes());
        self.0.encrypt_block(&mut block);
        Tag::read(&block)
    }
}

impl Tag {
    /// Reads a block that the cipher wrote.
    #[inline]
    pub(super) fn read(block: &Block<Aes128Enc>) -> Self {
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        Self { key: word(&block[..8]), rest: word(&block[8..]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ScanKey {
        ScanKey::of(&MasterKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_key_survives_its_file_and_prints_nothing() {
        let read = ScanKey::parse(&key(3).to_file_text()).expect("its own text");

        assert_eq!(read.0, key(3).0);
        assert_eq!(format!("{:?}", key(3)), "ScanKey(..)");
    }

    #[test]
    fn many_tags_are_those_of_each() {
        let tagger = key(3).tagger();
        let tokens: Vec<Token> = (0..37).filter_map(|k| Token::of(format!("12345{k}").as_bytes())).collect();
        let mut blocks = Vec::new();

        tagger.tag_all(tokens.iter().copied(), &mut blocks);

        let one_by_one: Vec<Tag> = tokens.iter().map(|&token| tagger.tag(token)).collect();
        assert_eq!(blocks.iter().map(Tag::read).collect::<Vec<_>>(), one_by_one);
        assert_ne!(key(4).tagger().tag(tokens[0]), one_by_one[0]);
    }

    #[test]
    fn a_directory_opens_beside_its_own_header_only() {
        let sealed = key(3).seal(b"header", b"directory");

        assert_eq!(key(3).open(b"header", &sealed).as_deref(), Some(b"directory".as_slice()));
        assert_eq!(key(3).open(b"other", &sealed), None);
        assert_eq!(key(4).open(b"header", &sealed), None);
    }
}
