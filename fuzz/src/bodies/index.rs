//! Index files.
//!
//! With a first byte of 0 the rest is a file; else it is changes to a sound
//! file, three bytes each: a place, and what is put there. Property: whatever is
//! no whole index is refused, and what is read gives the answers of the original.

use trapline::scan::index::Index;
use trapline::scan::{Classifier, Finder};

use super::material;

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let mut file = if first == 0 { rest.to_vec() } else { material::bytes().to_vec() };
    if first != 0 {
        // An odd first byte cuts the file, or adds to it.
        let length = file.len() + 8 - usize::from(first >> 1) % 128;
        file.resize(if first & 1 == 1 { length } else { file.len() }, 0);
        for change in rest.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % file.len();
            file[at] ^= change[2];
        }
    }
    let is_whole = file == material::bytes();

    let Ok(index) = Index::read(file, &material::key()) else {
        assert!(!is_whole, "a sound index is read");
        return;
    };

    assert!(is_whole, "another file than the one that was made is refused");
    let text = material::text();
    let find = |index| Finder::new(index, Classifier::detect()).find(text.as_bytes(), 0..text.len());
    assert_eq!(find(&index), find(material::index()));
}
