//! The plan's pictures: curves of chance against calls and against rows.
//!
//! Inline SVG without script or font of its own, like the report's timeline.

use std::fmt::Write as _;

/// One curve.
pub(super) struct Curve<'a> {
    /// What the legend calls it.
    pub(super) name: &'a str,
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    /// x rising, y between 0 and 1.
    pub(super) points: Vec<(f64, f64)>,
    /// Half the height of the band around it, for each point; empty for none.
    pub(super) errors: Vec<f64>,
    /// Whether a dot marks each point.
    pub(super) dotted: bool,
}

/// The horizontal axis.
pub(super) struct Across<'a> {
    /// What is drawn along it.
    pub(super) name: &'a str,
    /// Values with a mark, and what the mark says.
    pub(super) marks: Vec<(f64, String)>,
    /// First and last value.
    pub(super) range: (f64, f64),
    /// Whether it is logarithmic.
    pub(super) is_log: bool,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 46.0;

/// Draws curves of a chance, with a dashed line at `target`.
pub(super) fn chances(curves: &[Curve<'_>], across: &Across<'_>, target: f64, label: &str) -> String {
    let scale = |x: f64| if across.is_log { x.max(1e-9).log10() } else { x };
    let (first, last) = (scale(across.range.0), scale(across.range.1));
    let span = (last - first).max(1e-9);
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * ((scale(value) - first) / span).clamp(0.0, 1.0);
    let y = |share: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share.clamp(0.0, 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\n"
    );
    axes(&mut svg, across, x, y);
    let at = y(target);
    let _ = writeln!(
        svg,
        "<line class=\"threshold\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
         <text class=\"threshold\" x=\"{:.1}\" y=\"{:.1}\">target {:.0} %</text>",
        WIDTH - RIGHT,
        LEFT + 6.0,
        at + 12.0,
        100.0 * target
    );
    // The first curve is the answer: it lies on top.
    for curve in curves.iter().rev() {
        draw(&mut svg, curve, x, y);
    }
    legend(&mut svg, curves);
    svg + "</svg>\n"
}

fn draw(svg: &mut String, curve: &Curve<'_>, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) {
    let spot = |&(at, share): &(f64, f64)| format!("{:.1} {:.1}", x(at), y(share));
    if curve.errors.len() == curve.points.len() {
        let bounded = |sign: f64| {
            curve.points.iter().zip(&curve.errors).map(move |(&(at, share), error)| (at, share + sign * error))
        };
        let around: Vec<String> =
            bounded(1.0).chain(bounded(-1.0).collect::<Vec<_>>().into_iter().rev()).map(|point| spot(&point)).collect();
        let _ = writeln!(svg, "<path class=\"band {}\" d=\"M{}Z\"/>", curve.class, around.join(" L"));
    }
    let path: Vec<String> = curve.points.iter().map(spot).collect();
    let _ = writeln!(svg, "<path class=\"curve {}\" d=\"M{}\"/>", curve.class, path.join(" L"));
    for &(at, share) in curve.points.iter().filter(|_| curve.dotted) {
        let _ = writeln!(
            svg,
            "<circle class=\"dot {}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{}: {:.1} %</title></circle>",
            curve.class,
            x(at),
            y(share),
            curve.name,
            100.0 * share
        );
    }
}

fn axes(svg: &mut String, across: &Across<'_>, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) {
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = y(share);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            100.0 * share
        );
    }
    let base = HEIGHT - BOTTOM;
    for (value, mark) in &across.marks {
        let at = x(*value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{base}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}</text>",
            base + 15.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 10.0,
        across.name
    );
}

fn legend(svg: &mut String, curves: &[Curve<'_>]) {
    let mut left = LEFT;
    for curve in curves {
        let _ = writeln!(
            svg,
            "<line class=\"curve {}\" x1=\"{left:.1}\" x2=\"{:.1}\" y1=\"13\" y2=\"13\"/><text x=\"{:.1}\" y=\"17\">{}</text>",
            curve.class,
            left + 20.0,
            left + 26.0,
            curve.name
        );
        left += 44.0 + 6.0 * curve.name.chars().count() as f64;
    }
}

/// Round marks from 0 to `most`, at most seven.
pub(super) fn round_marks(most: f64) -> Vec<(f64, String)> {
    let raw = (most / 6.0).max(1.0);
    let size = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * size).into_iter().find(|&step| step >= raw).unwrap_or(10.0 * size);
    (0..).map(|place| f64::from(place) * step).take_while(|&at| at <= most).map(|at| (at, format!("{at:.0}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_better_chance_is_drawn_higher() {
        let curve =
            Curve { name: "a", class: "all", points: vec![(1.0, 0.2), (10.0, 0.9)], errors: Vec::new(), dotted: true };
        let across = Across { name: "rows", marks: Vec::new(), range: (1.0, 10.0), is_log: true };

        let svg = chances(&[curve], &across, 0.95, "chances");

        let heights: Vec<f64> = svg
            .split("cy=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next().and_then(|value| value.parse().ok()))
            .collect();
        assert_eq!(heights.len(), 2);
        assert!(heights[1] < heights[0], "{svg}");
    }

    #[test]
    fn marks_are_round_and_few() {
        let marks: Vec<f64> = round_marks(118.0).into_iter().map(|mark| mark.0).collect();

        assert_eq!(marks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }
}
