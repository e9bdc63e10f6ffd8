//! gzip, zstd, bzip2 and xz that are cut, damaged, or longer than they say.

use super::*;
use crate::unpack::codec::Codec;

#[test]
fn a_cut_is_a_fault_with_its_byte_and_what_came_before_is_there() {
    for codec in make::CODECS {
        let content = make::content(7, 2_000_000);
        let packed = make::squeeze(codec, &content);
        let cut = packed.len() * 3 / 4;

        let found = unpack(&packed[..cut]);

        let [(_, bytes)] = found.streams.as_slice() else { panic!("{codec:?} gave {:?}", found.names()) };
        assert!(content.starts_with(bytes) && bytes.len() > 800_000, "{codec:?} gave {} bytes", bytes.len());
        let word = codec.word();
        let expected = format!("x: byte {cut}: the {word} data is cut off: what came before was read");
        assert_eq!(found.lines(), [expected]);
    }
}

#[test]
fn a_damaged_middle_ends_the_stream_with_a_fault() {
    for codec in make::CODECS {
        let mut packed = make::squeeze(codec, &make::content(8, 300_000));
        let middle = packed.len() / 2;
        packed[middle..middle + 64].fill(0x55);

        let found = unpack(&packed);

        assert_eq!(found.streams.len(), 1, "{codec:?}");
        assert_eq!(found.faults.len(), 1, "{codec:?}: {:?}", found.lines());
        assert!(found.faults[0].byte.is_some());
    }
}

#[test]
fn zeros_behind_the_data_are_padding_and_anything_else_is_said() {
    for codec in make::CODECS {
        let packed = make::squeeze(codec, b"plain");
        let padded = [packed.as_slice(), &[0; 512]].concat();
        let followed = [packed.as_slice(), b"something else"].concat();

        assert_eq!(unpack(&padded).texts(), [("x", "plain")]);
        assert_eq!(unpack(&padded).faults, []);

        let found = unpack(&followed);
        let (word, end) = (codec.word(), packed.len());
        assert_eq!(found.texts(), [("x", "plain")]);
        assert_eq!(
            found.lines(),
            [format!("x: byte {end}: the {word} data is followed by something else, which is not read")]
        );
    }
}

#[test]
fn an_empty_file_and_one_of_zeros_are_plain() {
    assert_eq!(unpack(b"").texts(), [("x", "")]);
    assert_eq!(unpack(&[0; 2000]).streams, [("x".to_owned(), vec![0; 2000])]);
    assert_eq!(unpack(&[0; 2000]).faults, []);
}

#[test]
fn a_magic_number_alone_is_a_fault_and_no_more() {
    for codec in make::CODECS {
        let packed = make::squeeze(codec, b"");
        for length in 6..packed.len() {
            let found = unpack(&packed[..length]);
            assert!(found.streams.iter().all(|(_, bytes)| bytes.len() <= length), "{codec:?} {length}");
        }
    }
}

#[test]
fn a_dictionary_of_gigabytes_is_refused_before_it_is_made() {
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = 1 << 20;
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    std::io::Write::write_all(&mut out, b"plain").expect("memory");
    let mut packed = out.finish().expect("memory");
    // the block's header: size, flags, filter 0x21, one byte of properties, the dictionary's size
    let at = packed.windows(2).position(|pair| pair == [0x21, 0x01]).expect("a filter") + 2;
    packed[at] = 40;
    let mut crc = flate2::Crc::new();
    crc.update(&packed[12..20]);
    packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());

    let found = unpack(&packed);

    assert_eq!(found.lines().len(), 1);
    assert!(found.lines()[0].contains("looks back further than 128 MiB"), "{:?}", found.lines());
}

#[test]
fn a_window_of_gigabytes_is_refused() {
    // a frame whose header asks for a window of 2 GiB
    let packed = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];

    let found = unpack(&packed);

    assert!(found.lines()[0].contains("looks back further than 128 MiB"), "{:?}", found.lines());
}

#[test]
fn members_that_hold_nothing_are_not_read_without_end() {
    let packed = [make::squeeze(Codec::Gzip, b"plain"), make::squeeze(Codec::Gzip, b"").repeat(10_002)].concat();

    let found = unpack(&packed);

    assert_eq!(found.texts(), [("x", "plain")]);
    assert!(found.lines()[0].contains("more than 10000 empty members"), "{:?}", found.lines());
}

#[test]
fn a_skippable_frame_in_front_is_skipped() {
    let frame = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"note"].concat();
    let packed = [frame, make::squeeze(Codec::Zstd, b"plain")].concat();

    assert_eq!(unpack(&packed).texts(), [("x", "plain")]);
}

#[test]
fn what_is_not_opened_is_said_and_read_as_it_is() {
    for (magic, word) in [
        (&b"7z\xbc\xaf\x27\x1c"[..], "7z"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"PAR1\x15\x04\x15\x80", "Parquet"),
    ] {
        let found = unpack(magic);

        assert_eq!(found.streams, [("x".to_owned(), magic.to_vec())]);
        assert_eq!(found.lines(), [format!("x: is a {word} file, which is read as it is, still packed")]);
    }
}
