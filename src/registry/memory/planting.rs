//! Planting in memory.

use super::{MemoryRegistry, next_id};
use crate::registry::{NewPlanting, PlantingRow, Result, refusal, times};

impl MemoryRegistry {
    /// Registers one planting.
    pub(super) fn plant_one(&mut self, new: &NewPlanting) -> Result<PlantingRow> {
        let ordinal = self.ordinal(new.key.epoch, &new.key.account)?;
        if let Some(&standing) = self.batches.get(&new.key) {
            let first = &self.plantings[standing].0;
            let same = first.input_hash == new.input_hash;
            return if same { Ok(first.clone()) } else { Err(refusal::other_input(&new.key)) };
        }
        if i64::try_from(new.input_bytes).is_err() {
            return Err(refusal::too_large(new.input_bytes));
        }
        let epoch = self.epochs.get_mut(&new.key.epoch).expect("the account's epoch exists");
        epoch.planted[ordinal] += 1;
        let row = PlantingRow {
            id: next_id(&self.plantings),
            key: new.key.clone(),
            j: epoch.planted[ordinal],
            lines: new.lines,
            roles: new.roles.clone(),
            block: new.block.clone(),
            at: times::kept(new.at),
            input_hash: new.input_hash.clone(),
            input_bytes: new.input_bytes,
            serials: new.rows.rows.iter().map(|row| row.serial).collect(),
            released: None,
            scope: new.scope.clone(),
        };
        self.batches.insert(new.key.clone(), self.plantings.len());
        self.plantings.push((row.clone(), new.rows.clone()));
        Ok(row)
    }

    /// Takes back all plantings from `length` on.
    pub(super) fn unplant(&mut self, length: usize) {
        for (row, _) in self.plantings.drain(length..) {
            self.batches.remove(&row.key);
            let epoch = self.epochs.get_mut(&row.key.epoch).expect("it was planted into");
            let ordinal = epoch.ordinals[&row.key.account];
            epoch.planted[ordinal] -= 1;
        }
    }
}
