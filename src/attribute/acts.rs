//! What ends joint certification: an act that scores may have driven.
//!
//! Joint certification weighs everything seen so far at once. That is valid
//! only while the stream of calls does not depend on the codewords of accounts
//! that were not exposed. Whoever has seen scores and then blocks a line,
//! calls one, plants anew, edits triage or tells somebody, carries codewords
//! into the stream. After an accusation such acts are safe, since the accused
//! account's hypothesis is already rejected; after any other, the epoch has no
//! further look (attribution.md 15.6). The processes are not concerned: they
//! hold whatever the world does.

use jiff::Timestamp;

use crate::registry::Verdict;

use super::Evidence;

/// The first act after which there is no further look.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stop {
    /// Looks at later decisions are not taken.
    pub after_seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What it was, in words.
    pub what: String,
}

/// The first act of the epoch that followed no accusation and happened when
/// there were scores to see; `None` when there was none.
pub fn first_stop(evidence: &Evidence<'_>) -> Option<Stop> {
    let is_confirmed = |row: &&crate::registry::DecisionRow| row.verdict == Verdict::Confirmed;
    let first_score = evidence.decisions.iter().find(is_confirmed)?.seq;
    let accused_by = |account: &str, at: Timestamp| {
        evidence.accusations.iter().any(|row| row.accusation.account == account && row.at <= at)
    };
    let acts = evidence.acts.iter().filter(|row| {
        let follows = row.act.account.as_deref().is_some_and(|account| accused_by(account, row.at));
        !follows && row.after_seq >= first_score
    });
    let acts = acts.map(|row| Stop {
        after_seq: row.after_seq,
        at: row.at,
        what: format!("{} was recorded: {}", row.act.kind.name(), row.act.why),
    });
    let shown = evidence
        .revelations
        .iter()
        .filter(|row| row.after_seq >= first_score && !accused_by(&row.revelation.account, row.at));
    let shown = shown.map(|row| Stop {
        after_seq: row.after_seq,
        at: row.at,
        what: format!("`{}` showed lines of an account that was not accused", row.revelation.why),
    });
    acts.chain(shown).min_by_key(|stop| (stop.after_seq, stop.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::testing::{World, second};
    use crate::codebook::Sizes;
    use crate::registry::{AccusationRow, ActKind, ActRow, NewAccusation, NewAct, Revelation, RevelationRow, Route};

    fn world() -> World {
        let mut world = World::new(5, 2, Sizes { pool: 40, account: 4, standing: 1 });
        world.hit(1, vec![world.line(1)]);
        world.hit(2, vec![world.line(2)]);
        world
    }

    fn act(account: Option<&str>, after_seq: u64, at: i64) -> ActRow {
        let act =
            NewAct { epoch: 1, kind: ActKind::BlockLine, account: account.map(str::to_owned), why: "pranks".into() };
        ActRow { id: 1, act, after_seq, at: second(at) }
    }

    fn accused(account: &str, at: i64) -> AccusationRow {
        let accusation = NewAccusation {
            epoch: 1,
            account: account.into(),
            batch: String::new(),
            route: Route::Account,
            ln_e: 30.0,
            ln_threshold: 20.0,
            seq: 1,
        };
        AccusationRow { id: 1, accusation, at: second(at) }
    }

    #[test]
    fn an_act_after_scores_stops_the_looks() {
        let mut world = world();
        world.acts.push(act(None, 1, 50));

        let stop = first_stop(&world.evidence()).expect("it was no accusation's");

        assert_eq!((stop.after_seq, stop.at), (1, second(50)));
        assert!(stop.what.contains("block-line") && stop.what.contains("pranks"), "{}", stop.what);
    }

    #[test]
    fn an_act_before_any_score_stops_nothing() {
        let mut world = world();
        world.acts.push(act(None, 0, 0));

        assert_eq!(first_stop(&world.evidence()), None);
    }

    #[test]
    fn an_act_stops_nothing_once_its_account_is_accused() {
        let mut world = world();
        world.accusations.push(accused("account-0", 40));
        world.acts.push(act(Some("account-0"), 2, 50));

        assert_eq!(first_stop(&world.evidence()), None);

        world.acts.push(act(Some("account-1"), 2, 60));
        assert_eq!(first_stop(&world.evidence()).expect("the other is not accused").at, second(60));
    }

    #[test]
    fn an_accusation_that_came_later_excuses_nothing() {
        let mut world = world();
        world.accusations.push(accused("account-0", 51));
        world.acts.push(act(Some("account-0"), 2, 50));

        assert!(first_stop(&world.evidence()).is_some());
    }

    #[test]
    fn showing_the_lines_of_an_account_that_is_not_accused_is_such_an_act() {
        let mut world = world();
        let revelation = Revelation {
            epoch: 1,
            account: "account-0".into(),
            batch: None,
            lines: vec![1],
            numbers: Vec::new(),
            why: "trace".into(),
        };
        world.revelations.push(RevelationRow { revelation, after_seq: 2, at: second(50) });

        let stop = first_stop(&world.evidence()).expect("nobody was accused");
        assert!(stop.what.contains("trace"), "{}", stop.what);

        world.accusations.push(accused("account-0", 40));
        assert_eq!(first_stop(&world.evidence()), None);
    }
}
