//! Comparing what was found with the canaries as they were planted.

use std::io::{BufRead, Write};

use trapline::dump::{HitLine, HitLines, Known, Rebuilder, Survived};
use trapline::fault::Fault;
use trapline::scan::Survey;

use crate::session::Session;

/// Rows that are compared together.
const TOGETHER: usize = 8192;

/// Compares the rows in `lines`, and writes them with what came of it.
pub fn compare(
    session: &Session,
    mut lines: HitLines<impl BufRead>,
    mut out: Option<&mut (dyn Write + '_)>,
) -> anyhow::Result<Survived> {
    let mut survived = Survived::default();
    let mut rebuilder = Rebuilder::new(&session.registry, &session.master)?;
    loop {
        let (mut rows, faults) = some(&mut lines)?;
        debug_assert!(faults.is_empty(), "what this program wrote or read before");
        if rows.is_empty() {
            return Ok(survived);
        }
        survived.compare(&mut rows, &mut rebuilder)?;
        let Some(out) = &mut out else { continue };
        for row in &rows {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")?;
        }
    }
}

/// Reads what another machine found into a survey; writes what is sound of it to `held`.
pub fn read(
    mut lines: HitLines<impl BufRead>,
    known: &Known<'_>,
    held: &mut dyn Write,
) -> anyhow::Result<(Survey, Vec<Fault>)> {
    let (mut survey, mut faults) = (Survey::default(), Vec::new());
    loop {
        let (rows, new) = some(&mut lines)?;
        if rows.is_empty() && new.is_empty() {
            return Ok((survey, faults));
        }
        faults.extend(new);
        for row in &rows {
            survey.add_row(row.findings(known).into_iter());
            serde_json::to_writer(&mut *held, row)?;
            held.write_all(b"\n")?;
        }
    }
}

fn some(lines: &mut HitLines<impl BufRead>) -> std::io::Result<(Vec<HitLine>, Vec<Fault>)> {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    while rows.len() + faults.len() < TOGETHER {
        match lines.read()? {
            Some(Ok(row)) => rows.push(row),
            Some(Err(fault)) => faults.push(fault),
            None => break,
        }
    }
    Ok((rows, faults))
}
