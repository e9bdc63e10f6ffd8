//! Files that are damaged or made to do damage, and what is refused.

use super::*;

/// Opens, and plants if that can be: whatever comes of it, no panic leaves.
fn tried(bench: &Bench, bytes: &[u8]) -> Result<(), Fault> {
    bench.plant(bytes, 1, usual).map(|_| ())
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    for (name, original) in FIXTURES {
        let bench = Bench::new();
        for length in (0..original.len()).step_by(509).chain(original.len() - 20..original.len()) {
            let fault = tried(&bench, &original[..length]).expect_err("it is cut off");
            assert!(fault.file.is_some() && fault.hint.is_some(), "{name}, {length} bytes: {fault}");
        }
    }
}

#[test]
fn changed_bytes_are_a_fault_or_another_file_but_never_a_panic() {
    for (name, original) in FIXTURES {
        let bench = Bench::new();
        let (mut refused, mut total) = (0, 0);
        let footer =
            original.len() - u32::from_le_bytes(original[original.len() - 8..][..4].try_into().expect("four")) as usize;
        // the footer is what decides most
        let places = (4..footer).step_by(509).chain((footer..original.len()).step_by(101));
        for at in places {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = original.to_vec();
                changed[at] ^= change;
                total += 1;
                if let Err(fault) = tried(&bench, &changed) {
                    refused += 1;
                    assert!(!fault.what.contains("panicked"), "{name}, byte {at}: {fault}");
                }
            }
        }
        assert!(refused * 4 > total, "{name}: {refused} of {total} were refused");
    }
}

/// The file with another footer.
fn refooted(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let bench = Bench::new();
    let opened = Opened::open(&bench.write("old", bytes)).expect("it is sound");
    let mut footer = opened.footer.raw;
    change(&mut footer);
    let length = footer.len() as u32;
    [&bytes[..opened.footer.at as usize], &footer, &length.to_le_bytes(), b"PAR1"].concat()
}

#[test]
fn a_count_that_is_not_there_asks_for_no_memory() {
    let original = FIXTURES[2].1;
    let bench = Bench::new();
    let opened = Opened::open(&bench.write("old", original)).expect("it is sound");
    for id in [file::SCHEMA, file::ROW_GROUPS] {
        let at = opened.footer.fields.iter().find(|field| field.id == id).expect("a list").at.start;
        let huge = refooted(original, |footer| {
            footer.splice(at..=at, [0xfc, 0xff, 0xff, 0xff, 0xff, 0x07]);
        });

        let fault = tried(&bench, &huge).expect_err("it is not there");
        assert!(fault.what.contains("footer cannot be read"), "{fault}");
    }
}

#[test]
fn what_is_refused_says_what_to_do() {
    let original = FIXTURES[0].1;
    let bench = Bench::new();

    let encrypted = [&original[..original.len() - 4], b"PARE"].concat();
    let fault = tried(&bench, &encrypted).expect_err("it says that it is encrypted");
    assert!(fault.what.contains("is encrypted") && fault.hint.is_some(), "{fault}");
    // a file whose columns alone are encrypted says so in field 8
    let columns = refooted(original, |footer| {
        let end = footer.len() - 1;
        footer.splice(end.., [0x0c, 0x10, 0x00, 0x00]);
    });
    let fault = tried(&bench, &columns).expect_err("it says that it is encrypted");
    assert!(fault.what.contains("is encrypted"), "{fault}");

    let fault = bench.plant(original, 1, |at| {
        let mut values = usual(at);
        values[1].1 = Said::Text(format!("1640000{at:04},12"));
        values
    });
    let fault = fault.err().expect("an extension is no number");
    assert!(fault.what.contains("INT64 exactly") && fault.field.as_deref() == Some("receiver_phone"), "{fault}");
    assert!(!fault.to_string().contains("1640000"), "it shows no phone");
}

#[test]
fn another_file_is_not_proven() {
    let bench = Bench::new();
    let done = bench.plant(FIXTURES[0].1, 1, usual).expect("it is sound");

    let original = bench.write("original", FIXTURES[0].1);
    assert!(matches!(done.verify(&original), Ok(Err(Mismatch::Row { .. }))));
    let other = bench.write("other", FIXTURES[2].1);
    assert!(done.verify(&other).is_err_and(|fault| fault.what.contains("other rows or columns")));
    let text = bench.write("text", b"a,b\n1,2\n");
    assert!(done.verify(&text).is_err());
}
