//! What a scan is about to show, noted.

use std::collections::{BTreeMap, BTreeSet};

use trapline::dump::{Rebuilder, SourceKey};
use trapline::registry::{BatchKey, Registry as _, Revelation};
use trapline::scan::index::Directory;
use trapline::scan::{SourceFound, Survey};

use crate::session::Session;

/// Canaries by their places, source by source.
type Shown = BTreeMap<SourceKey, BTreeSet<u32>>;

/// Notes whose canaries are about to be shown.
pub fn reveal(session: &mut Session, survey: &Survey, directory: &Directory) -> anyhow::Result<()> {
    let shown: Shown = survey
        .sources(directory)
        .into_iter()
        // A shared row is nobody's: whose it is, no scan says.
        .filter(|found| !found.account.is_empty())
        .map(|found| {
            let SourceFound { place, epoch, account, batch, .. } = found;
            (SourceKey { epoch, account, batch }, survey.canaries_of(place, directory).into_iter().collect())
        })
        .collect();
    let revelations = revelations(session, &shown)?;
    for revelation in &revelations {
        session.registry.reveal(revelation, session.now)?;
    }
    Ok(())
}

fn revelations(session: &Session, shown: &Shown) -> anyhow::Result<Vec<Revelation>> {
    let mut rebuilder = Rebuilder::new(&session.registry, &session.master)?;
    let mut revelations = Vec::new();
    for (key, places) in shown {
        let epoch = session.epoch(Some(&key.epoch))?.rules.epoch;
        let batch = BatchKey { epoch, account: key.account.clone(), batch: key.batch.clone() };
        let (Some(planting), Some(canaries)) = (session.registry.planting(&batch)?, rebuilder.canaries(key)?) else {
            continue;
        };
        let shown = places.iter().filter_map(|&place| canaries.get(place as usize));
        revelations.push(Revelation {
            epoch,
            account: key.account.clone(),
            batch: Some(key.batch.clone()),
            lines: shown.flat_map(|canary| &canary.people).map(|person| person.line).collect(),
            numbers: places.iter().filter_map(|&place| planting.serials.get(place as usize).copied()).collect(),
            why: "scan".to_owned(),
        });
    }
    Ok(revelations)
}
