//! Files as a whole: of real writers, planted into, taken apart again.

mod bad;
mod laws;

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::persona::Role;
use crate::plant::{self, Job, Options};
use crate::record::{ColumnRole, Record, Value as Said};

/// What other programs wrote (tests/data/parquet).
const FIXTURES: [(&str, &[u8]); 3] = [
    ("pyarrow", include_bytes!("../../../../tests/data/parquet/pyarrow.parquet")),
    ("pyarrow-v2", include_bytes!("../../../../tests/data/parquet/pyarrow-v2.parquet")),
    ("duckdb", include_bytes!("../../../../tests/data/parquet/duckdb.parquet")),
];

/// A folder with a file in it, and what became of it.
struct Bench {
    folder: tempfile::TempDir,
}

/// A planted file.
struct Done {
    path: PathBuf,
    bytes: Vec<u8>,
    rows: PlantedRows,
    original: Unfolded,
}

/// What canaries say besides their times.
type Says = fn(usize) -> Vec<(ColumnRole, Said)>;

fn usual(at: usize) -> Vec<(ColumnRole, Said)> {
    let text = |text: String| Said::Text(text);
    vec![
        (ColumnRole::Name(Role::Recipient), text(["周惠", "欧阳小明", "李 & <子>"][at % 3].to_owned())),
        (ColumnRole::Phone(Role::Recipient), text(format!("1640000{at:04}"))),
        (ColumnRole::Time, Said::Between),
    ]
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn open(&self, bytes: &[u8]) -> Result<Table, Fault> {
        Table::open(&self.write("in.parquet", bytes), self.folder.path())
    }

    /// Plants three rows, places by `seed`, and proves it.
    fn plant(&self, bytes: &[u8], seed: u8, says: Says) -> Result<Done, Fault> {
        let table = self.open(bytes)?;
        let records: Vec<Record> = (0..3).map(|at| Record { values: says(at) }).collect();
        let numbers: Vec<(u64, String)> = (0..9).map(|at| (at, format!("7730000{:07}", 17 * at))).collect();
        let options = table.options(&Options::default());
        let job = Job {
            columns: &[],
            records: &records,
            numbers: &numbers,
            is_line: &|digits| digits.starts_with("1640000"),
            place: [seed; 32],
            shared: None,
            options: &options,
        };
        let plan = plant::plan(&table.view().text, &job)?;
        let path = self.folder.path().join("out.parquet");
        let failed = |error: io::Error| panic!("{error}");
        let (_, woven) = table.weave(&plan, File::create(&path).expect("created"), &failed)?;
        let original = table.unfolded().clone();
        let rows = prove(&path, woven, &plan, &original)?;
        let bytes = fs::read(&path).expect("written");
        Ok(Done { path, bytes, rows, original })
    }
}

impl Done {
    fn place(&self) -> &TablePlace {
        match &self.rows.inside {
            Some(Inside::Parquet(place)) => place,
            _ => panic!("expected a place in a Parquet file"),
        }
    }

    fn verify(&self, path: &Path) -> Result<Result<Verified, Mismatch>, Fault> {
        verify(path, self.place(), &self.rows, &self.original.hash, self.original.bytes)
    }
}
