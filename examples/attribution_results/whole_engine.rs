//! The tables' line process beside the whole product: the same calls given to
//! `attribute` over a registry of 300,000 accounts.

use trapline::attribute::attribute;
use trapline::codebook::Sizes;
use trapline::rules::Shares;

use crate::lines::LineTable;
use crate::random::Random;
use crate::ranking::{POOL, SCENARIOS};
use crate::report::Report;
use crate::traffic::{Codewords, Order};
use crate::world::{Budget, NOTHING, World, name};
use crate::{ALPHA, SOURCES, Size};

/// Runs every scenario with equal codewords through both and compares who is
/// named, and the evidence of the strongest.
pub(crate) fn compare(report: &mut Report, size: Size) {
    let (mut answers, mut named, mut agreed) = (0, 0, 0);
    for (run, scenario) in (0..).zip(SCENARIOS.iter().filter(|scenario| !scenario.unequal)) {
        if size == Size::Quick && run > 0 {
            continue;
        }
        let sizes = Sizes { pool: POOL, account: scenario.own(0), standing: 1 };
        let budget = Budget { epoch_alpha: ALPHA, shares: Shares { account: 1.0, ..NOTHING } };
        let mut world = World::new(run, SOURCES as u32, sizes, budget);
        let sets = (0..world.accounts.len()).map(|account| world.account_lines(account));
        let codewords = Codewords::from_sets(POOL, sets);
        let calls = scenario.calls(&codewords, &mut Random::of("whole engine", run));
        for (at, &line) in (1..).zip(&calls) {
            world.hit(at, vec![world.line(u32::from(line))]);
        }
        let answer = attribute(&world.evidence());

        let order = Order::new(POOL, &calls);
        let table = LineTable::new(POOL, scenario.own(0), order.lines.len());
        let ln_h = (SOURCES / ALPHA).ln();
        let mut places = Vec::new();
        let mut ours: Vec<String> = Vec::new();
        let mut strongest = 0.0f64;
        for (source, own) in codewords.all().enumerate() {
            order.places(own, &mut places);
            let ln_sup = table.reached(&places).ln_sup;
            strongest = strongest.max(ln_sup);
            if ln_sup >= ln_h {
                ours.push(name(source));
            }
        }
        let mut theirs: Vec<String> = answer.named.iter().map(|named| named.account.clone()).collect();
        theirs.sort();
        let same = ours == theirs && (answer.ranked[0].ln_e - strongest).abs() < 1e-6;
        report.check(same, || format!("whole engine: {ours:?} named here, {theirs:?} by attribute"));
        answers += 1;
        named += theirs.len();
        agreed += usize::from(same);
    }
    report.say(&format!(
        "The whole product, asked by `attribute` over a registry of 300,000 accounts about the calls of {answers} of these \
         scenarios, named {named} accounts: in {agreed} of {answers} exactly those that the table's process names, with the \
         same evidence to 1e-6."
    ));
}
