//! What goes in comes out, whatever is wrapped around it.

use super::*;
use crate::unpack::codec::Codec;
use proptest::prelude::*;

/// What is around something.
#[derive(Clone, Copy, Debug)]
enum Wrap {
    Squeezed(Codec),
    Tar,
    Deflated,
    Stored,
}

impl Wrap {
    fn around(self, inner: &[u8]) -> Vec<u8> {
        match self {
            Self::Squeezed(codec) => make::squeeze(codec, inner),
            Self::Tar => make::tar(&[("in.tar", inner)]),
            Self::Deflated => make::deflated(&[("in.zip", inner)]),
            Self::Stored => make::stored(&[("in.zip", inner)]),
        }
    }

    /// What it adds to the name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Squeezed(_) => "",
            Self::Tar => "!in.tar",
            Self::Deflated | Self::Stored => "!in.zip",
        }
    }
}

fn wrap() -> impl Strategy<Value = Wrap> {
    prop_oneof![
        prop::sample::select(&make::CODECS[..]).prop_map(Wrap::Squeezed),
        Just(Wrap::Tar),
        Just(Wrap::Deflated),
        Just(Wrap::Stored)
    ]
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec((any::<u64>(), 0..40_000_usize), 1..5)
        .prop_map(|files| files.into_iter().map(|(seed, bytes)| make::content(seed, bytes)).collect())
}

/// Names and contents as a container takes them.
fn named(contents: &[Vec<u8>]) -> Vec<(String, &[u8])> {
    contents.iter().enumerate().map(|(at, content)| (format!("folder/{at}.csv"), content.as_slice())).collect()
}

fn borrowed<'a>(files: &'a [(String, &'a [u8])]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(name, content)| (name.as_str(), *content)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_stream_that_is_no_container_stays_as_it_is(seed: u64, bytes in 0..200_000_usize) {
        let content = make::content(seed, bytes);

        let found = unpack(&content);

        prop_assert_eq!(found.streams, vec![("x".to_owned(), content)]);
        prop_assert_eq!(found.faults, vec![]);
    }

    #[test]
    fn every_member_of_a_compressed_file_comes_out(codec in prop::sample::select(&make::CODECS[..]), contents in contents()) {
        let packed: Vec<u8> = contents.iter().flat_map(|content| make::squeeze(codec, content)).collect();

        let found = unpack(&packed);

        prop_assert_eq!(found.faults, vec![]);
        prop_assert_eq!(found.streams, vec![("x".to_owned(), contents.concat())]);
    }

    #[test]
    fn every_file_of_an_archive_comes_out(contents in contents()) {
        let files = named(&contents);
        let files = borrowed(&files);
        let expected: Vec<_> = files.iter().map(|(name, content)| (format!("x!{name}"), content.to_vec())).collect();

        for archive in [make::tar(&files), make::deflated(&files), make::stored(&files)] {
            let found = unpack(&archive);

            prop_assert_eq!(&found.faults, &vec![]);
            prop_assert_eq!(&found.streams, &expected);
        }
    }

    #[test]
    fn wrappings_in_wrappings_come_off(wraps in prop::collection::vec(wrap(), 0..=4), seed: u64, bytes in 0..20_000_usize) {
        let content = make::content(seed, bytes);
        let packed = wraps.iter().fold(content.clone(), |inner, wrap| wrap.around(&inner));
        let suffix: String = wraps.iter().rev().map(|wrap| wrap.suffix()).collect();

        let (found, totals) = unpack_within(small(), &packed);

        prop_assert_eq!(found.faults, vec![]);
        prop_assert_eq!(found.streams, vec![(format!("x{suffix}"), content)]);
        prop_assert_eq!(totals.containers, wraps.len() as u64);
    }

    #[test]
    fn a_file_gives_what_a_stream_gives(wraps in prop::collection::vec(wrap(), 1..=3), contents in contents()) {
        let files = named(&contents);
        let packed = wraps.iter().fold(make::tar(&borrowed(&files)), |inner, wrap| wrap.around(&inner));
        let (folder, path) = file_of(&packed);

        prop_assert_eq!(unpack_path(&path, folder.path()), unpack(&packed));
    }

    #[test]
    fn what_came_before_a_cut_is_handed_out_and_a_fault_says_where(
        wrap in wrap(),
        contents in contents(),
        cut in 0.0..1.0_f64,
    ) {
        let files = named(&contents);
        let archive = make::tar(&borrowed(&files));
        let packed = wrap.around(&archive);
        let cut = (packed.len() as f64 * cut) as usize;
        // of less there is nothing to tell its kind by
        prop_assume!(cut > 600);

        let found = unpack(&packed[..cut]);

        let whole = unpack(&packed);
        for (name, bytes) in &found.streams {
            let original = whole.streams.iter().find(|(other, _)| other == name).map_or(&archive, |(_, bytes)| bytes);
            prop_assert!(original.starts_with(bytes), "{name}");
        }
        // A tar may end before its closing blocks, and nothing is lost.
        prop_assert!(found.faults.iter().any(|fault| fault.byte.is_some()) || found.streams == whole.streams);
    }

    #[test]
    fn damage_is_survived_and_faults_quote_nothing(
        (kind, wraps) in (0..5_usize, prop::collection::vec(wrap(), 0..=2)),
        seed: u64,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..8),
    ) {
        let mut content = b"13800138000,secret\n".repeat(20);
        content.extend(make::content(seed, 3000));
        let book = make::book(&[("S", "<c t=\"str\"><v>secret</v></c>")], Some("<sst><si><t>secret</t></si></sst>"));
        let innermost = match kind {
            0 => book,
            1 => old_books::small(),
            2 => make::deflated(&[("a.csv", &content), ("b.csv", &content)]),
            3 => make::tar(&[("a.csv", &content), ("b.xlsx", &book), ("c.xls", &old_books::small())]),
            _ => content,
        };
        let mut packed = wraps.iter().fold(innermost, |inner, wrap| wrap.around(&inner));
        for (at, byte, is_wide) in damage {
            // a whole field, perhaps: sizes and places of all ones are the cruel ones
            let at = at.index(packed.len());
            let end = packed.len().min(at + if is_wide { 4 } else { 1 });
            packed[at..end].fill(if is_wide { byte | 0xfc } else { byte });
        }

        let found = unpack(&packed);

        for fault in found.faults {
            // its file is a name, and damage to a name's length may make content one
            let printed = format!("{} {:?} {:?}", fault.what, fault.hint, fault.field);
            prop_assert!(!printed.contains("secret") && !printed.contains("1380013"), "{printed}");
        }
    }
}
