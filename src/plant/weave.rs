//! The second pass: copy the input, put the rows in.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sha2::{Digest, Sha256};

use super::make::hex;
use super::pass::{BLOCK_BYTES, WAITING, fill};
use super::survey::Survey;
use crate::fault::Fault;
use crate::registry::{PlantedRow, PlantedRows};

/// Everything decided about one planting: where each row goes, byte for byte.
#[derive(Clone)]
pub struct Plan {
    /// Rising by place.
    insertions: Vec<Insertion>,
    rows: Vec<PlantedRow>,
    shared: Vec<PlantedRow>,
    survey: Survey,
}

/// Bytes to put in before offset `at` of the input.
#[derive(Clone)]
pub(crate) struct Insertion {
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whether they were made from the row behind, not from the one before.
    pub(crate) is_from_behind: bool,
}

/// What weaving gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Woven {
    /// The planted rows in index order, with hash and length of the output:
    /// what the registry keeps sealed.
    pub rows: PlantedRows,
}

impl Plan {
    pub(super) fn new(
        insertions: Vec<Insertion>,
        rows: Vec<PlantedRow>,
        shared: Vec<PlantedRow>,
        survey: Survey,
    ) -> Self {
        Self { insertions, rows, shared, survey }
    }

    /// The batch's own rows in index order: serial, place in the output, hash,
    /// and what was taken from the file.
    pub fn rows(&self) -> &[PlantedRow] {
        &self.rows
    }

    /// The shared rows by slot. A slot whose number a real row has is left out.
    pub fn shared(&self) -> &[PlantedRow] {
        &self.shared
    }

    /// The planted rows in the order of the file: before which byte of the
    /// input each one goes, and its bytes with its terminator.
    pub fn insertions(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.insertions.iter().map(|insertion| (insertion.at, insertion.bytes.as_slice()))
    }

    /// What goes where, rising by place.
    pub(crate) fn inserted(&self) -> &[Insertion] {
        &self.insertions
    }

    /// The same rows written otherwise, into what the text was read from: as many insertions, in the same order.
    pub(crate) fn moved(&self, insertions: Vec<Insertion>, input_hash: &str, input_bytes: u64) -> Self {
        let mut plan = self.clone();
        let mut rows: Vec<&mut PlantedRow> = plan.rows.iter_mut().chain(&mut plan.shared).collect();
        rows.sort_by_key(|row| row.offset);
        let mut shift = 0;
        for (row, insertion) in rows.into_iter().zip(&insertions) {
            row.offset = insertion.at + shift;
            row.bytes = insertion.bytes.len() as u64;
            row.hash = hex(&Sha256::digest(&insertion.bytes));
            shift += row.bytes;
        }
        input_hash.clone_into(&mut plan.survey.input_hash);
        plan.survey.input_bytes = input_bytes;
        Self { insertions, ..plan }
    }

    /// What the first pass found out.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Copies `input` to `output`, both uncompressed, and puts the rows in.
    ///
    /// # Errors
    ///
    /// If reading or writing fails, or if the input is no longer the one that
    /// was surveyed; then what was written must not be used.
    pub fn weave(&self, mut input: impl Read, output: impl Write) -> Result<Woven, Fault> {
        let ((read, input_hash), (written, output_hash)) = std::thread::scope(|scope| {
            let (to_input, input_work) = sync_channel(WAITING);
            let (to_output, output_work) = sync_channel(WAITING);
            let (give_back, spare) = sync_channel(2 * WAITING + 4);
            let back = give_back.clone();
            let input_hasher = scope.spawn(move || hash(&input_work, &back));
            let output_hasher = scope.spawn(move || hash(&output_work, &give_back));
            let copied = self.copy(&mut input, output, &Outlets { to_input, to_output, spare });
            let join = |hasher: std::thread::ScopedJoinHandle<'_, (u64, String)>| {
                hasher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            let hashes = (join(input_hasher), join(output_hasher));
            copied.map(|()| hashes)
        })?;
        if (read, &input_hash) != (self.survey.input_bytes, &self.survey.input_hash) {
            return Err(Fault::new(format!(
                "expected the {} bytes that were surveyed, found {read} bytes that differ",
                self.survey.input_bytes
            ))
            .hint("the input changed between the two passes: plant again when nobody writes to it"));
        }
        let (rows, shared) = (self.rows.clone(), self.shared.clone());
        let rows = PlantedRows { rows, shared, output_hash, output_bytes: written, inside: None };
        Ok(Woven { rows })
    }

    fn copy(&self, input: &mut impl Read, mut output: impl Write, outlets: &Outlets) -> Result<(), Fault> {
        let failed = |error: std::io::Error| {
            Fault::new(format!("writing failed: {error}")).hint("see whether the disk is full or read-only")
        };
        let mut insertions = self.insertions.iter().peekable();
        let mut base = 0u64;
        loop {
            let mut bytes = outlets.spare.try_recv().unwrap_or_default();
            bytes.clear();
            fill(input, &mut bytes, base)?;
            let ended = bytes.len() < BLOCK_BYTES;
            let next = base + bytes.len() as u64;
            let block = Arc::new(bytes);
            outlets.to_input(&block, 0..block.len());
            let mut from = 0;
            while let Some(insertion) =
                insertions.next_if(|insertion| insertion.at < next || (ended && insertion.at == next))
            {
                let to = (insertion.at - base) as usize;
                output.write_all(&block[from..to]).and_then(|()| output.write_all(&insertion.bytes)).map_err(failed)?;
                outlets.to_output(&block, from..to);
                let row = Arc::new(insertion.bytes.clone());
                outlets.to_output(&row, 0..row.len());
                from = to;
            }
            output.write_all(&block[from..]).map_err(failed)?;
            outlets.to_output(&block, from..block.len());
            if ended {
                return output.flush().map_err(failed);
            }
            base = next;
        }
    }
}

/// Planted bytes are canaries: what is printed in a debug message are none.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("rows", &self.rows.len())
            .field("shared", &self.shared.len())
            .field("survey", &self.survey)
            .finish_non_exhaustive()
    }
}

/// The rows hold values of the file: none of them is printed.
impl fmt::Debug for Woven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Woven({} rows, {} bytes)", self.rows.rows.len() + self.rows.shared.len(), self.rows.output_bytes)
    }
}

/// A stretch of bytes to hash.
type Stretch = (Arc<Vec<u8>>, std::ops::Range<usize>);

struct Outlets {
    to_input: SyncSender<Stretch>,
    to_output: SyncSender<Stretch>,
    spare: Receiver<Vec<u8>>,
}

impl Outlets {
    fn to_input(&self, bytes: &Arc<Vec<u8>>, range: std::ops::Range<usize>) {
        // The hashers read until the senders are gone.
        let _ = self.to_input.send((bytes.clone(), range));
    }

    fn to_output(&self, bytes: &Arc<Vec<u8>>, range: std::ops::Range<usize>) {
        let _ = self.to_output.send((bytes.clone(), range));
    }
}

/// Hashes stretches in order; returns their length together and the hash.
fn hash(work: &Receiver<Stretch>, back: &SyncSender<Vec<u8>>) -> (u64, String) {
    let mut sha = Sha256::new();
    let mut length = 0;
    for (bytes, range) in work {
        length += range.len() as u64;
        sha.update(&bytes[range]);
        if let Some(bytes) = Arc::into_inner(bytes).filter(|bytes| bytes.capacity() >= BLOCK_BYTES) {
            let _ = back.try_send(bytes);
        }
    }
    (length, hex(&sha.finalize()))
}
