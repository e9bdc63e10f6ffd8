//! The evidence of lines and names of one process, without walking through the
//! calls that do not concern it.
//!
//! Between two matches line evidence only falls, so it may be taken as it was at
//! the newest match; statements are weighed as the state machine does. What
//! comes out is never below the largest value that the process reached, and
//! hardly above: a year of calls asks an account about two thousand lines, and
//! only the hundred of its own are looked at here.

use crate::persona::Role;

use super::evidence::Desk;
use super::mixture::{Mixture, ln_lambda_factor};
use super::process::Process;
use super::query;
use super::said::Said;
use super::sequence::Sequences;
use super::slot::Slot;
use super::table::{Run, Table};

/// One thing that concerns a process.
enum Event<'e> {
    /// An own line was asked about, by this query.
    Line(u32),
    /// Something was said on an own line, here by its place among those.
    Said(usize, Option<Role>, &'e crate::persona::PersonaPattern),
}

/// An upper bound of ln of the largest evidence of lines and names; `None` where
/// a statement may be about several lines. `asked` holds the queries (from 1)
/// that found one own line each.
pub(super) fn ln_sup(
    desk: &Desk<'_>,
    sequences: &Sequences,
    said: &Said<'_, '_>,
    table: &Table,
    process: &Process<'_>,
    asked: &[(u32, u32)],
) -> Option<f64> {
    let maker = process.maker?;
    let mut events: Vec<(u32, Event<'_>)> = Vec::with_capacity(2 * asked.len());
    for (place, &(query, line)) in asked.iter().enumerate() {
        events.push((sequences.order(line, process.start)?, Event::Line(query)));
        let heard = said.heard(line, process.start)?;
        events.extend(heard.into_iter().map(|(order, role, pattern)| (order, Event::Said(place, role, pattern))));
    }
    // Lines stand before what was said on them: the sort is stable.
    events.sort_by_key(|(order, _)| *order);
    let mut slots = vec![vec![Slot::default(); process.roles.len()]; asked.len()];
    let (mut lines, mut names) = (Run::new(table), Mixture::new(desk.evidence.rules.lambdas.len()));
    let (mut ln_lines, mut ln_names, mut sup) = (0.0, 0.0, 0.0f64);
    for (_, event) in events {
        match event {
            Event::Line(query) => {
                lines.matched(query, 1);
                ln_lines = lines.ln_e();
            }
            Event::Said(place, at, pattern) => {
                let at = at.filter(|role| process.roles.contains(role));
                let (mut ln_none, mut matched) = (0.0, false);
                let concerned = slots[place].iter_mut().zip(&process.roles);
                for (slot, &role) in concerned.filter(|(_, role)| at.is_none_or(|at| at == **role)) {
                    ln_none += query::ln_none(1, slot.chance(maker, role, pattern));
                    let line = asked[place].1;
                    let seed = desk.evidence.codebook.persona_seed(process.holder, role, line);
                    let fits = pattern.matches(&maker.persona(role, &seed));
                    slot.learn(pattern, fits);
                    matched |= fits;
                }
                let q = query::at_least_one(ln_none);
                if q > 0.0 && q < 1.0 {
                    let lambdas = &desk.evidence.rules.lambdas;
                    names.bet(|g| ln_lambda_factor(lambdas[g], q, matched));
                    ln_names = names.ln_e();
                }
            }
        }
        sup = sup.max(ln_lines + ln_names);
    }
    Some(sup)
}
