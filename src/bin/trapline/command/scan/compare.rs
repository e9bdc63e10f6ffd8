//! Comparing what was found with the canaries as they were planted.

use std::io::{BufRead, Write};

use trapline::dump::{HitLine, HitLines, Known, Rebuilder, Survived, Writer};
use trapline::fault::Fault;
use trapline::scan::Survey;

use crate::session::Session;

/// Rows that are compared together.
const TOGETHER: usize = 8192;

/// What came of comparing.
pub struct Compared {
    /// What is left of the canaries.
    pub survived: Survived,
    /// What was found, as far as it is believed.
    pub survey: Survey,
    /// Lines that are no hits.
    pub faults: Vec<Fault>,
}

/// Compares the rows in `lines`, and writes them with what came of it.
pub fn compare(
    session: &Session,
    mut lines: HitLines<impl BufRead>,
    writer: Writer,
    known: &Known<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Compared> {
    let mut compared = Compared { survived: Survived::default(), survey: Survey::default(), faults: Vec::new() };
    let mut rebuilder = Rebuilder::new(&session.registry, &session.master)?;
    loop {
        let (mut rows, faults) = some(&mut lines)?;
        if rows.is_empty() && faults.is_empty() {
            return Ok(compared);
        }
        compared.faults.extend(faults);
        compared.survived.compare(&mut rows, &mut rebuilder, writer)?;
        for row in rows.iter().filter(|row| !row.canaries.is_empty() || !row.lines.is_empty()) {
            compared.survey.add_row(row.findings(known).into_iter());
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")?;
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
