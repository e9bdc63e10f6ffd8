//! Laws of the audit: what must be told is told, what cannot be is not.

use proptest::prelude::*;

use super::adversary::{folds, judge};
use super::feature::{Measurer, What};
use super::outline::Outline;
use super::planter::Planter;
use super::pool::{self, Pool};
use super::statistics::{Overlay, Statistics, Whole, half_of};
use super::table::{Export, Planted, View, Which};
use super::{Settings, auc, audit};
use crate::derive::{Draw, Stream};
use crate::plant::{Options, Rows};
use crate::template::Template;

const EXPORT: &str = include_str!("../../tests/data/exports/yongnian_2400.csv");

fn template() -> Template {
    Template::by_name("yto-express").expect("shipped").expect("sound")
}

fn with_rows<T>(use_rows: impl FnOnce(&Rows) -> T) -> T {
    let (template, options) = (template(), Options::default());
    let planter = Planter::new(EXPORT.as_bytes(), &template, &options, None, [1; 32]).expect("an export");
    use_rows(planter.rows())
}

/// Everything that is measured of a row.
fn measured(rows: &Rows, outline: &Outline, export: &Export, which: Which) -> Vec<(super::feature::Feature, f64)> {
    let statistics = Statistics::of(rows, outline);
    let view = View { original: rows, export };
    let overlay = Overlay::of(&view, outline);
    let measurer = Measurer { outline, view, whole: Whole { original: &statistics, overlay: &overlay } };
    let mut measured = Vec::new();
    measurer.measure(which, |feature, value| measured.push((feature, value)));
    measured
}

proptest! {
    #[test]
    fn no_group_is_in_two_folds(groups in proptest::collection::vec(0u32..30, 1..200), seed: [u8; 32]) {
        let fold_of = folds(&groups, 5, &seed);
        for (a, fold_a) in groups.iter().zip(&fold_of) {
            for (b, fold_b) in groups.iter().zip(&fold_of) {
                prop_assert!(a != b || fold_a == fold_b);
            }
        }
        let used = fold_of.iter().collect::<std::collections::BTreeSet<_>>().len();
        let distinct = groups.iter().collect::<std::collections::BTreeSet<_>>().len();
        prop_assert_eq!(used, distinct.min(5));
    }
}

#[test]
fn a_copy_and_its_original_are_measured_alike() {
    with_rows(|rows| {
        let outline = Outline::of(rows, &[]);
        // Both must be measured against the same half of the file.
        let alike = |place: &usize| half_of(Which::Real(*place)) == half_of(Which::Planted(0));
        for place in (0..rows.rows.len()).filter(alike).step_by(300) {
            let planted = vec![Planted { before: 1200, cells: rows.rows[place].cells.clone() }];
            let export = Export { account: 0, planted };

            let original = measured(rows, &outline, &export, Which::Real(place));
            let copy = measured(rows, &outline, &export, Which::Planted(0));

            let hangs_on_place = |what: What| {
                use What::{AlikeBefore, AlikeBehind, Position, SameBefore, SameBehind, StepBefore, StepBehind};
                matches!(what, AlikeBefore | AlikeBehind | Position | SameBefore | SameBehind | StepBefore | StepBehind)
            };
            for ((feature, a), (other, b)) in original.iter().zip(&copy) {
                assert_eq!(feature, other);
                assert!(
                    hangs_on_place(feature.what) || a == b || (a.is_nan() && b.is_nan()),
                    "{feature:?}: {a} and {b}"
                );
            }
        }
    });
}

#[test]
fn a_planted_row_elsewhere_changes_only_the_counts_of_what_it_says() {
    with_rows(|rows| {
        let outline = Outline::of(rows, &[]);
        let mut stranger = rows.rows[0].cells.clone();
        stranger.iter_mut().for_each(|cell| *cell = "☃".to_owned());
        let export = Export { account: 0, planted: vec![Planted { before: 3, cells: stranger }] };

        let without = measured(rows, &outline, &Export::default(), Which::Real(600));
        let with = measured(rows, &outline, &export, Which::Real(600));

        // Against chance there is one row more in the file.
        for ((feature, a), (_, b)) in without.iter().zip(&with).filter(|((feature, _), _)| feature.what != What::Lift) {
            assert!(a == b || (a.is_nan() && b.is_nan()), "{feature:?}: {a} and {b}");
        }
    });
}

#[test]
fn all_rows_of_a_planted_file_are_gone_through_in_its_order() {
    with_rows(|rows| {
        let row = |before| Planted { before, cells: rows.rows[0].cells.clone() };
        let last = rows.rows.len();
        let export = Export { account: 0, planted: vec![row(0), row(5), row(5), row(last)] };
        let view = View { original: rows, export: &export };

        let all: Vec<Which> = view.all().collect();

        assert_eq!(all.len(), last + 4);
        assert_eq!(all[..2], [Which::Planted(0), Which::Real(0)]);
        assert_eq!(all[5..9], [Which::Real(4), Which::Planted(1), Which::Planted(2), Which::Real(5)]);
        assert_eq!(view.before(all[0]), None);
        assert_eq!(view.behind(all[last + 3]), None);
        for pair in all.windows(2) {
            assert_eq!(view.behind(pair[0]), Some(pair[1]));
            assert_eq!(view.before(pair[1]), Some(pair[0]));
        }
    });
}

/// Takes rows out of a file and puts them back in their places: nobody can tell
/// them from those that stayed.
#[test]
fn real_rows_put_back_are_not_told() {
    with_rows(|rows| {
        let mut draw = Stream::new(&[5; 32]);
        let mut original = rows.clone();
        let mut taken: Vec<Planted> = Vec::new();
        let mut kept = Vec::new();
        for row in rows.rows.iter() {
            if draw.below(8) == 0 {
                taken.push(Planted { before: kept.len(), cells: row.cells.clone() });
            } else {
                kept.push(row.clone());
            }
        }
        original.rows = kept;
        let outline = Outline::of(&original, &[]);
        let statistics = Statistics::of(&original, &outline);
        let mut pool = Pool::new(&outline);
        let exports = 30;
        for account in 0..exports {
            let planted = taken.iter().skip(account).step_by(exports).cloned().collect();
            let export = Export { account: account as u32, planted };
            let planted = (0..export.planted.len()).map(Which::Planted);
            let real = (0..original.rows.len()).skip(account).step_by(exports).map(Which::Real);
            pool.add(pool::measure(&original, &outline, &statistics, &export, planted.chain(real)));
        }

        let judged = judge(&pool, &[1; 32]).expect("both kinds");

        let auc = auc::auc(&judged.scored).expect("both kinds");
        assert!((0.42..0.58).contains(&auc), "{auc}");
    });
}

#[test]
fn the_shipped_template_is_told_at_once_by_its_numbers() {
    let (template, options) = (template(), Options::default());
    let planter = Planter::new(EXPORT.as_bytes(), &template, &options, None, [1; 32]).expect("an export");
    let settings = Settings { accounts: 10, redraws: 4, ratio: 200, rows: 400, ..Settings::default() };

    let report = audit(&planter, &settings).expect("enough rows");
    let again = audit(&planter, &settings).expect("enough rows");

    assert!(report.told.auc.low > 0.98, "{:?}", report.told);
    assert!(report.tellings.iter().any(|telling| telling.columns == ["运单号"]), "{:?}", report.tellings);
    assert_eq!(serde_json::to_string(&report).expect("json"), serde_json::to_string(&again).expect("json"));
}
