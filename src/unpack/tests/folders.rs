//! Files and folders on disk.

use super::*;
use std::fs;
use std::sync::atomic::Ordering;

#[test]
fn a_folder_is_read_in_order_and_plain_files_are_left_to_the_caller() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir_all(root.join("b/c")).expect("is made");
    fs::write(root.join("b/c/2.csv"), "plain").expect("is written");
    fs::write(root.join("b/1.zip"), make::deflated(&[("in", b"packed")])).expect("is written");
    fs::write(root.join("d.csv"), "plain too").expect("is written");
    fs::write(root.join("a"), "").expect("is written");
    fs::write(root.join("e.zip"), "not a zip").expect("is written");

    let found = unpack_path(root, root);

    let files = [("a", 0), ("b/c/2.csv", 5), ("d.csv", 9), ("e.zip", 9)];
    assert_eq!(found.files, files.map(|(name, bytes)| (name.to_owned(), bytes)));
    assert_eq!(found.texts(), [("b/1.zip!in", "packed")]);
    assert_eq!(found.faults, []);
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::write(root.join("file"), "plain").expect("is written");
    std::os::unix::fs::symlink("/etc", root.join("etc")).expect("is linked");
    std::os::unix::fs::symlink(root, root.join("loop")).expect("is linked");

    let found = unpack_path(root, root);

    assert_eq!(found.files, [("file".to_owned(), 5)]);
    assert_eq!(
        found.lines(),
        ["etc: is a symbolic link, which is not followed", "loop: is a symbolic link, which is not followed",]
    );
    assert_eq!(unpack_path(&root.join("loop"), root).faults.len(), 1);
}

#[cfg(unix)]
#[test]
fn what_is_neither_file_nor_folder_is_a_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("is bound");

    let found = unpack_path(folder.path(), folder.path());

    assert_eq!(found.lines(), ["socket: is neither a file nor a folder"]);
}

#[test]
fn a_missing_file_is_a_fault() {
    let found = unpack_path(Path::new("/nowhere/at all"), Path::new("/"));

    assert_eq!(found.lines(), ["/nowhere/at all: cannot be read on: No such file or directory (os error 2)"]);
}

#[test]
fn each_file_has_limits_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["1", "2", "3"] {
        fs::write(folder.path().join(name), make::tar(&[("a", b"plain"), ("b", b"plain")])).expect("is written");
    }
    let read = AtomicU64::new(0);
    let limits = Limits { entries: 2, ..small() };
    let unpacker = Unpacker { limits, scratch: folder.path(), read: &read };
    let mut found = Found::default();

    let totals = unpacker.path(folder.path(), &mut found).expect("the sink never stops");

    assert_eq!((found.streams.len(), found.faults.len()), (6, 0));
    assert_eq!(totals, Totals { inputs: 3, containers: 3, items: 6, unpacked_bytes: 0, faults: 0 });
}

#[test]
fn progress_counts_what_is_read_here_and_nothing_of_plain_files() {
    let (folder, path) = file_of(&make::squeeze(codec::Codec::Gzip, &make::content(5, 100_000)));
    fs::write(folder.path().join("y"), vec![b'y'; 100_000]).expect("is written");
    let read = AtomicU64::new(0);
    let unpacker = Unpacker { limits: small(), scratch: folder.path(), read: &read };

    unpacker.path(folder.path(), &mut Found::default()).expect("the sink never stops");

    assert_eq!(read.load(Ordering::Relaxed), fs::metadata(path).expect("is there").len());
}

#[test]
fn a_reader_that_fails_is_a_fault_with_its_byte() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::from_raw_os_error(5));
            }
            let bytes = self.0.min(into.len()).min(10);
            into[..bytes].fill(b'x');
            self.0 -= bytes;
            Ok(bytes)
        }
    }
    let read = AtomicU64::new(0);
    let unpacker = Unpacker { limits: small(), scratch: Path::new("/"), read: &read };
    let mut found = Found::default();

    unpacker.reader("(stdin)", &mut Failing(1234), &mut found).expect("the sink never stops");

    assert_eq!(found.streams, [("(stdin)".to_owned(), vec![b'x'; 1234])]);
    assert_eq!(found.lines(), ["(stdin): byte 1234: cannot be read on: Input/output error (os error 5)"]);
}
