//! Sealing: what the registry must keep but not show.
//!
//! XChaCha20-Poly1305 under the workspace's `seal` subkey, a random 24-byte
//! nonce in front, table and row id as associated data: a sealed value that is
//! moved to another row does not open. What must be *found* without being
//! shown gets a keyed tag instead. Stolen without the key, a registry tells
//! neither canaries from real rows nor which numbers are traps.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::key::{KeyId, Label, MasterKey, Subkey, WORKSPACE};

/// Bytes of the nonce in front of a sealed value.
const NONCE_BYTES: usize = 24;

/// Seals, opens and tags with a workspace's keys.
#[derive(Clone)]
pub struct Vault {
    key_id: KeyId,
    cipher: XChaCha20Poly1305,
    tags: Subkey,
}

impl Vault {
    /// Opens the vault of `master`'s workspace.
    pub fn new(master: &MasterKey) -> Self {
        let workspace = master.epoch(WORKSPACE);
        let seal = workspace.subkey(Label::Seal);
        Self {
            key_id: master.id(),
            cipher: XChaCha20Poly1305::new(seal.bytes().into()),
            tags: workspace.subkey(Label::Tag),
        }
    }

    /// The master key's id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Seals `plain` for one row of one table.
    ///
    /// # Panics
    ///
    /// If the system has no randomness to give.
    pub fn seal(&self, table: &str, row: i64, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the system gives randomness");
        let aad = associated(table, row);
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad })
            .expect("sealed values are far below the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Vault::seal`] made for the same row; `None` if it was
    /// damaged, moved, or sealed with another key.
    pub fn open(&self, table: &str, row: i64, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let aad = associated(table, row);
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad }).ok()
    }

    /// Returns the keyed tag of `parts` for `purpose`: 16 bytes.
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut input = vec![purpose.as_bytes()];
        input.extend_from_slice(parts);
        let seed = self.tags.seed(&input);
        seed[..16].try_into().expect("a seed has 32 bytes")
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault(key-id {})", self.key_id)
    }
}

fn associated(table: &str, row: i64) -> Vec<u8> {
    [table.as_bytes(), &[0], &row.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&MasterKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_row_only() {
        let sealed = vault(1).seal("line", 7, b"15400000001");

        assert_eq!(vault(1).open("line", 7, &sealed).as_deref(), Some(b"15400000001".as_slice()));
        assert_eq!(vault(1).open("line", 8, &sealed), None);
        assert_eq!(vault(1).open("epoch", 7, &sealed), None);
        assert_eq!(vault(2).open("line", 7, &sealed), None);
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let sealed = vault(1).seal("line", 7, b"15400000001");

        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(vault(1).open("line", 7, &damaged), None);
        }
    }
}
