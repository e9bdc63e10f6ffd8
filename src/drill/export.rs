//! A drill's exports: the rows before planting, and what is left of them after
//! a trader had them.

use jiff::civil::Date;

use crate::canary::{Batch, Canary, Mint};
use crate::codebook::{Codebook, Sizes};
use crate::derive::{Draw, Stream};
use crate::key::MasterKey;
use crate::line::{LineNumber, demo_lines};
use crate::template::Template;

/// Rows of a drill's export before planting.
const ROWS: u32 = 40;

/// A row as its buyer has it.
pub(super) struct SoldRow {
    /// Phone, as written.
    pub(super) phone: String,
    /// Name, as written.
    pub(super) name: String,
}

/// Makes an export of real-looking rows whose phones are no lines of ours.
pub(super) fn original(template: &Template, draw: &mut Stream, today: Date) -> String {
    let key = key(draw);
    let pool: Vec<_> = demo_lines(2 * ROWS, 0, draw).into_iter().map(|line| line.number).collect();
    let headers: Vec<&str> = template.columns().iter().map(|column| column.header.as_str()).collect();
    let mut text = headers.join(",") + "\n";
    for cells in customers(template, &pool, ROWS, key, today) {
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

/// Makes up to `rows` rows of customers, column by column, whose phones are of
/// `pool`, which holds twice as many. No cell needs quotes in CSV.
pub(super) fn customers(
    template: &Template,
    pool: &[LineNumber],
    rows: u32,
    key: [u8; 32],
    today: Date,
) -> Vec<Vec<String>> {
    let sizes = Sizes { pool: pool.len() as u32, account: rows + 1, standing: 1 };
    let codebook = Codebook::new(&MasterKey::from_bytes(key), 1, sizes);
    let mint = Mint::new(&codebook, template, pool);
    let roles = template.roles();
    let rows = rows / roles.len().max(1) as u32;
    let batch = Batch { account: "customers", id: "rows", lines: rows * roles.len() as u32, roles };
    let serials: Vec<u64> = (0..u64::from(rows)).map(|row| (1 << 20) + row).collect();
    let canaries = mint.canaries(&batch, &serials);
    let row = |canary: Canary| {
        let columns = template
            .columns()
            .iter()
            .map(|column| mint.stand_in(&batch, &canary, &column.role, today).replace([',', '"', '\n'], " "));
        columns.collect()
    };
    canaries.into_iter().map(row).collect()
}

/// A key of the customers' own.
pub(super) fn key(draw: &mut Stream) -> [u8; 32] {
    let mut key = [0; 32];
    key.chunks_mut(4).for_each(|chunk| chunk.copy_from_slice(&draw.word().to_le_bytes()));
    key
}

/// Keeps a share of the rows, in an order of the trader's own.
pub(super) fn resell(planted: &str, share: f64, draw: &mut Stream) -> Vec<SoldRow> {
    let mut lines = planted.lines();
    let headers: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| headers.iter().position(|header| *header == name);
    let (phone, name) = (column("收件电话"), column("收件人"));
    let ticket = (share * f64::from(1u32 << 31)) as u32;
    let mut rows: Vec<SoldRow> = lines
        .filter(|_| draw.below(1 << 31) < ticket)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let cell =
                |place: Option<usize>| place.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim()).to_owned();
            SoldRow { phone: cell(phone), name: cell(name) }
        })
        .collect();
    for place in (1..rows.len()).rev() {
        rows.swap(place, draw.below(place as u32 + 1) as usize);
    }
    rows
}
