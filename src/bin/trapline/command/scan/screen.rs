//! Progress, and rows as they are found.

use std::io;
use std::sync::atomic::Ordering;

use indicatif::{ProgressBar, ProgressStyle};
use trapline::dump::{HitLine, Watcher};
use trapline::scan::Hit;
use trapline::scan::index::Index;

use super::{Args, STOP, bytes_at};

/// Shows progress and writes hits.
pub struct Screen<'i> {
    /// The bar.
    pub bar: ProgressBar,
    /// What is searched by.
    pub index: &'i Index,
    /// Where rows go.
    pub out: Option<Box<dyn io::Write>>,
    /// Why they do not go there any more.
    pub failed: Option<io::Error>,
}

impl Watcher for Screen<'_> {
    fn hit(&mut self, name: &str, hit: &Hit) {
        let Some(out) = &mut self.out else { return };
        let line = serde_json::to_vec(&HitLine::new(name, hit, self.index)).expect("a hit is plain data");
        let written = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
        if let Err(error) = written {
            // Nobody reads on, or the disk is full: there is no sense in going on.
            STOP.store(true, Ordering::Relaxed);
            self.failed.get_or_insert(error);
        }
    }

    fn passed(&mut self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

/// A bar for all files that are asked for.
pub fn bar(args: &Args) -> ProgressBar {
    let bar = ProgressBar::new(args.files.iter().map(|path| bytes_at(path)).sum());
    let style = ProgressStyle::with_template("scanning {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    bar.set_style(style.expect("a fixed template"));
    bar
}
