//! Numbers and phones in any text.
//!
//! The first byte says which full-width digits there are and into how many
//! ranges the rest is cut, the next ones where. Properties: both classifiers
//! find the same, whatever the ranges; findings are in order and within the
//! text.

use trapline::scan::{Classifier, Finder, Finding, Wide};

use super::material;

pub(super) fn body(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let Some((cuts, text)) = rest.split_at_checked(usize::from(first >> 1 & 3)) else { return };
    let wide = if first & 1 == 0 { Wide::Utf8 } else { Wide::Gbk };
    // Exact in short texts, where every place is of interest.
    let place =
        |&cut: &u8| if text.len() < 256 { text.len().min(cut.into()) } else { text.len() * usize::from(cut) / 256 };
    let mut borders: Vec<usize> = cuts.iter().map(place).chain([0, text.len()]).collect();
    borders.sort_unstable();

    let [portable, detected] = [Classifier::portable(), Classifier::detect()].map(|classifier| {
        let mut finder = Finder::new(material::index(), classifier);
        finder.set_wide(wide);
        let whole = finder.find(text, 0..text.len());
        let parts: Vec<_> = borders.windows(2).map(|pair| finder.find(text, pair[0]..pair[1])).collect();
        let lines: u64 = parts.iter().map(|(_, lines)| lines).sum();
        let mut findings: Vec<Finding> = parts.into_iter().flat_map(|(findings, _)| findings).collect();
        findings.sort_unstable();
        findings.dedup();
        assert_eq!((&findings, lines), (&whole.0, whole.1), "ranges {borders:?} share the findings out");
        whole
    });

    assert_eq!(portable, detected, "every classifier finds the same");
    assert!(portable.0.is_sorted());
    assert!(portable.0.iter().all(|finding| finding.bytes > 0 && finding.at + finding.bytes <= text.len()));
    assert_eq!(portable.1, text.iter().filter(|&&byte| byte == b'\n').count() as u64);
}
