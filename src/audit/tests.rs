//! Laws of the audit: what must be told is told, what cannot be is not.

use proptest::prelude::*;

use super::adversary::{folds, judge};
use super::feature::{Measurer, What};
use super::outline::Outline;
use super::planter::Planter;
use super::pool::{self, Pool};
use super::screening::{self, Buyer};
use super::statistics::{Overlay, Statistics, Whole, half_of};
use super::table::{Export, Planted, View, Which};
use super::telltale::{Linter, Marks};
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
        for (place, row) in rows.rows.iter().enumerate() {
            // The file's first and last row are no others' likes.
            if draw.below(8) == 0 && place > 0 && place + 1 < rows.rows.len() {
                taken.push(Planted { before: kept.len(), cells: row.cells.clone() });
            } else {
                kept.push(row.clone());
            }
        }
        original.rows = kept;
        let outline = Outline::of(&original, &[]);
        let statistics = Statistics::of(&original, &outline);
        let (mut pool, mut marks, nothing) = (Pool::new(&outline), Marks::default(), Overlay::default());
        let bare = Whole { original: &statistics, overlay: &nothing };
        let linter = Linter::new(&original, &outline, bare);
        let exports = 30;
        for account in 0..exports {
            let planted = taken.iter().skip(account).step_by(exports).cloned().collect();
            let export = Export { account: account as u32, planted };
            let view = View { original: &original, export: &export };
            let overlay = Overlay::of(&view, &outline);
            let whole = Whole { original: &statistics, overlay: &overlay };
            let planted = (0..export.planted.len()).map(Which::Planted);
            let real = (0..original.rows.len()).skip(account).step_by(exports).map(Which::Real);
            let measurer = Measurer { outline: &outline, view, whole };
            pool.add(pool::measure(&measurer, account as u32, planted.chain(real)));
            marks.add(&linter.planted(&view, whole));
        }

        let judged = judge(&pool, &[1; 32]).expect("both kinds");

        let auc = auc::auc(&judged.scored).expect("both kinds");
        assert!((0.42..0.58).contains(&auc), "{auc}");
        let of_real = linter.real(bare, taken.len() / exports, &mut Stream::new(&[1; 32]));
        assert_eq!(linter.telltales(&marks, &of_real), []);
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

#[test]
fn rows_of_another_make_are_judged_by_the_same_adversary() {
    let (template, options) = (template(), Options::default());
    let lines: Vec<&str> = EXPORT.lines().collect();
    // Every sixth row is taken out, and offered as somebody's invention.
    let (mut kept, mut taken) = (vec![lines[0]], vec![lines[0]]);
    for (at, line) in lines[1..].iter().enumerate() {
        if at % 6 == 0 { taken.push(line) } else { kept.push(line) }
    }
    let settings = Settings { accounts: 10, redraws: 2, ratio: 100, rows: 400, ..Settings::default() };
    let told = |made: &str| {
        let bytes = format!("{}\n", kept.join("\n"));
        let planter = Planter::new(bytes.as_bytes(), &template, &options, None, [1; 32]).expect("an export");
        audit(&planter.judging(made.as_bytes(), 10).expect("its columns"), &settings).expect("enough rows").told.auc
    };

    let real = told(&format!("{}\n", taken.join("\n")));
    let shuffled: Vec<String> = taken
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            let other: Vec<&str> =
                taken[if at == 0 { 0 } else { 1 + (at * 7 + 90) % (taken.len() - 1) }].split(',').collect();
            // Another parcel's weight for this one's fee.
            cells[14] = other[14];
            cells.join(",")
        })
        .collect();
    let shuffled = told(&format!("{}\n", shuffled.join("\n")));

    assert!(real.low < 0.55 && real.estimate < 0.62, "{real:?}");
    assert!(shuffled.estimate > 0.75, "{shuffled:?}");
    let planter = Planter::new(EXPORT.as_bytes(), &template, &options, None, [1; 32]).expect("an export");
    let fault = planter.judging("运单号,收件电话\nYT1,13800000000\n".as_bytes(), 2).err().expect("other columns");
    assert!(fault.to_string().contains("expected the export's columns"), "{fault}");
}

/// The next number of a run that no row has.
fn free_number(rows: &Rows, number: &str) -> String {
    let first: u64 = number[2..].parse().expect("digits");
    let numbers = (first..).map(|number| format!("YT{number:013}"));
    numbers.into_iter().find(|number| rows.rows.iter().all(|row| row.cells[0] != *number)).expect("runs end")
}

/// Plants rows that each break one rule, and returns the rules that are told.
fn told(spoil: impl Fn(usize, &mut Vec<String>, &Rows) -> usize) -> Vec<(&'static str, String)> {
    with_rows(|rows| {
        let outline = Outline::of(rows, &[]);
        let statistics = Statistics::of(rows, &outline);
        let nothing = Overlay::default();
        let bare = Whole { original: &statistics, overlay: &nothing };
        let linter = Linter::new(rows, &outline, bare);
        let mut planted: Vec<Planted> = (0..8)
            .map(|nth| {
                // A row like its neighbour, with a number, a phone and a name of its own.
                let mut cells = rows.rows[200 + 250 * nth].cells.clone();
                cells[0] = free_number(rows, &cells[0]);
                cells[7] = format!("154{:08}", 12_345_678 + 7_654_321 * nth);
                cells[11] = format!("黄河路{}号", 201 + nth);
                let before = spoil(nth, &mut cells, rows);
                Planted { before, cells }
            })
            .collect();
        planted.sort_by_key(|row| row.before);
        let export = Export { account: 0, planted };
        let view = View { original: rows, export: &export };
        let overlay = Overlay::of(&view, &outline);
        let marks = linter.planted(&view, Whole { original: &statistics, overlay: &overlay });
        let of_real = linter.real(bare, 8, &mut Stream::new(&[1; 32]));
        linter.telltales(&marks, &of_real).into_iter().map(|told| (told.rule, told.column)).collect()
    })
}

#[test]
fn every_tell_tale_is_told() {
    let place = |nth: usize| 200 + 250 * nth;
    type Spoil = fn(usize, &mut Vec<String>, &Rows) -> usize;
    let cases: [(&str, &str, Spoil); 12] = [
        ("number-twice", "运单号", |nth, cells, rows| {
            cells[0] = rows.rows[40 + nth].cells[0].clone();
            200 + 250 * nth
        }),
        ("number-alone", "运单号", |nth, cells, _| {
            cells[0] = format!("YT00000000{nth:05}");
            200 + 250 * nth
        }),
        ("phone-twice", "收件电话", |nth, cells, rows| {
            cells[7] = rows.rows[40 + nth].cells[7].clone();
            cells[6] = "欧阳无名".to_owned();
            200 + 250 * nth
        }),
        ("address-twice", "收件详细地址", |nth, cells, rows| {
            cells[11] = rows.rows[40 + nth].cells[11].clone();
            cells[6] = "欧阳无名".to_owned();
            200 + 250 * nth
        }),
        ("impossible-combination", "收件市", |nth, cells, _| {
            (cells[8], cells[9]) = ("西藏自治区".to_owned(), "邯郸市".to_owned());
            200 + 250 * nth
        }),
        ("unheard-of", "品名", |nth, cells, _| {
            cells[12] = format!("珍宝{nth}");
            200 + 250 * nth
        }),
        ("misshapen", "收件电话", |nth, cells, _| {
            cells[7] = format!("154-{}", &cells[7][3..]);
            200 + 250 * nth
        }),
        ("blank", "品名", |nth, cells, _| {
            cells[12] = String::new();
            200 + 250 * nth
        }),
        ("out-of-range", "重量(kg)", |nth, cells, _| {
            cells[14] = "99.00".to_owned();
            200 + 250 * nth
        }),
        ("order-broken", "揽收时间", |nth, cells, rows| {
            cells[1] = rows.rows[100].cells[1].clone();
            200 + 250 * nth
        }),
        ("constant-varies", "揽收网点", |nth, cells, _| {
            cells[2] = "永年区三部".to_owned();
            200 + 250 * nth
        }),
        ("one-block", "收件电话", |nth, cells, _| {
            cells[7] = format!("1541234{:04}", 17 * nth);
            200 + 250 * nth
        }),
    ];

    assert_eq!(told(|nth, _, _| place(nth)), [], "rows that break no rule");
    for (rule, column, spoil) in cases {
        let told = told(spoil);
        assert!(told.contains(&(rule, column.to_owned())), "{rule}: {told:?}");
    }
    let outside = told(|nth, cells, _| {
        cells[1] = "2019-11-01 09:00:00".to_owned();
        place(nth)
    });
    assert!(outside.contains(&("outside-span", "揽收时间".to_owned())), "{outside:?}");
    assert!(told(|_, _, rows| rows.rows.len()).contains(&("at-an-end", String::new())));
    assert!(told(|_, _, _| 300).contains(&("side-by-side", String::new())));
}

#[test]
fn a_habit_of_buyers_drops_what_it_says() {
    with_rows(|rows| {
        let outline = Outline::of(rows, &[]);
        let statistics = Statistics::of(rows, &outline);
        let buyer = Buyer::new(&outline);
        let left = |spoil: &dyn Fn(&mut Vec<String>)| {
            let mut cells = rows.rows[600].cells.clone();
            cells[0] = free_number(rows, &cells[0]);
            cells[7] = format!("{}00000", &cells[7][..6]);
            spoil(&mut cells);
            let export = Export { account: 0, planted: vec![Planted { before: 600, cells }] };
            let view = View { original: rows, export: &export };
            let overlay = Overlay::of(&view, &outline);
            let whole = Whole { original: &statistics, overlay: &overlay };
            let left = buyer.screen(whole, std::iter::once((Which::Planted(0), view.cells(Which::Planted(0)))));
            let attacks = buyer.attacks(&left, &left);
            attacks.into_iter().filter(|attack| attack.canaries == 0.0).map(|attack| attack.name).collect::<Vec<_>>()
        };

        assert_eq!(left(&|_| ()), [""; 0], "a row like the others");
        let other = rows.rows[50].cells.clone();
        assert_eq!(left(&|cells| (cells[7], cells[6]) = (other[7].clone(), "欧阳无名".into())), ["phone-repeats"]);
        assert_eq!(left(&|cells| cells[7] = "10000000000".into()), ["rare-prefix"]);
        assert_eq!(left(&|cells| cells[11] = "无".into()), ["address"]);
        assert_eq!(left(&|cells| cells[0] = "YT0000000000017".into()), ["number-run"]);
        assert_eq!(left(&|cells| cells[12] = "核材料".into()), ["sender-goods"]);
    });
}

#[test]
fn two_exports_leave_what_they_share() {
    with_rows(|rows| {
        let outline = Outline::of(rows, &[]);
        let row = |place: usize| Planted { before: place, cells: rows.rows[place].cells.clone() };
        let mut returning = row(3);
        returning.cells[0] = "YT1".to_owned();
        let one = Export { account: 0, planted: vec![row(1), row(2), row(3)] };
        let other = Export { account: 0, planted: vec![row(1), returning] };

        assert_eq!(screening::in_both(&one, &other), (1, 3));
        assert_eq!(screening::returning(&outline, &one, &other), (2, 3));
    });
}
