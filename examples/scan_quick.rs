use std::sync::atomic::AtomicBool;
use trapline::scan::{Classifier, Hit, ScanKey, Search, Seen, index::Index};
#[derive(Default)]
struct C(u64, u64);
impl Seen for C {
    fn hits(&mut self, h: Vec<Hit>) {
        self.0 += h.len() as u64
    }
    fn passed(&mut self, _: u64, l: u64) {
        self.1 += l
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let key = ScanKey::parse(&std::fs::read_to_string(format!("{}.key", a[1])).unwrap()).unwrap();
    let t = std::time::Instant::now();
    let index = if a.len() > 3 {
        Index::read(std::fs::read(format!("{}.index", a[1])).unwrap(), &key).unwrap()
    } else {
        Index::open(format!("{}.index", a[1]).as_ref(), &key).unwrap()
    };
    eprintln!("open {:?}", t.elapsed());
    let stop = AtomicBool::new(false);
    for classifier in [Classifier::detect(), Classifier::detect(), Classifier::portable()] {
        let t = std::time::Instant::now();
        let mut c = C::default();
        let s = Search { index: &index, classifier, stop: &stop }
            .file(&std::fs::File::open(&a[2]).unwrap(), &mut c)
            .unwrap();
        let e = t.elapsed().as_secs_f64();
        eprintln!("{} hits {} lines {:.3} s {:.2} GB/s", c.0, c.1, e, s.bytes as f64 / e / 1e9);
    }
}
