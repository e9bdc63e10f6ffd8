//! The data pools that ship inside the binary.
//!
//! Pools are lists of facts (administrative divisions, frequencies of names),
//! packed with zstd and unpacked on first use. A pool's name ends in a number
//! and its content never changes under that name: canaries are drawn from it
//! by position. `templates/README.md` says where each comes from.

use std::sync::OnceLock;

use crate::template::divisions::Divisions;

/// A shipped pool.
pub(crate) struct Pool {
    /// Its name in templates.
    pub(crate) name: &'static str,
    packed: &'static [u8],
    text: OnceLock<String>,
    divisions: OnceLock<Option<Divisions>>,
}

macro_rules! pool {
    ($name:literal) => {
        Pool {
            name: $name,
            packed: include_bytes!(concat!("../../templates/pools/", $name, ".zst")),
            text: OnceLock::new(),
            divisions: OnceLock::new(),
        }
    };
}

static POOLS: [Pool; 6] = [
    pool!("cn-divisions-1"),
    pool!("cn-families-1"),
    pool!("cn-given-1"),
    pool!("us-families-1"),
    pool!("us-given-1"),
    pool!("us-places-1"),
];

/// Returns the pool of this name.
pub(crate) fn pool(name: &str) -> Option<&'static Pool> {
    POOLS.iter().find(|pool| pool.name == name)
}

/// The names of all pools.
pub(crate) fn names() -> String {
    POOLS.iter().map(|pool| pool.name).collect::<Vec<_>>().join(", ")
}

impl Pool {
    /// The pool's text.
    pub(crate) fn text(&'static self) -> &'static str {
        self.text.get_or_init(|| {
            let bytes = zstd::decode_all(self.packed).expect("a shipped pool is intact");
            String::from_utf8(bytes).expect("a shipped pool is UTF-8")
        })
    }

    /// The pool as a tree of divisions, or `None` if it is another sort of pool.
    pub(crate) fn divisions(&'static self) -> Option<&'static Divisions> {
        self.divisions.get_or_init(|| Divisions::parse(self.text())).as_ref()
    }

    /// The lines of a pool of `word TAB weight`, or `None` if it is another sort of pool.
    pub(crate) fn weighted(&'static self) -> Option<Vec<(&'static str, u64)>> {
        self.text()
            .lines()
            .map(|line| line.split_once('\t').and_then(|(word, w)| Some((word, w.parse().ok()?))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pool_unpacks() {
        for pool in &POOLS {
            assert!(pool.text().lines().count() >= 100, "{}", pool.name);
        }
    }

    #[test]
    fn the_commonest_surname_has_its_published_share() {
        let families = pool("cn-families-1").and_then(Pool::weighted).expect("a weighted pool");

        assert_eq!(families[0], ("王", 749));
    }
}
