//! Everything that a registry says was planted, for the scan index.

use std::collections::BTreeMap;

use crate::codebook::{Codebook, Permutation};
use crate::issue::{self, stored_template};
use crate::key::MasterKey;
use crate::record::WaybillBlock as _;
use crate::registry::Registry;
use crate::scan::index::{Canaries, Line, Source};
use crate::template::Template;

/// All canaries and lines of a registry.
pub struct Catalogue {
    sources: Vec<Source>,
    planted: Vec<Planted>,
    numbers: Vec<Numbers>,
    lines: Vec<Line>,
    state: String,
}

/// What a source planted.
struct Planted {
    /// Place of what makes its numbers; `None` for a template without any.
    numbers: Option<usize>,
    serials: Vec<u64>,
}

/// What makes the numbers of a template in an epoch.
struct Numbers {
    template: Template,
    permutation: Permutation,
}

impl Catalogue {
    /// Reads what was planted in the epochs with these labels; in all of them
    /// where none is given.
    ///
    /// # Errors
    ///
    /// When the registry fails or holds a template that cannot be read.
    pub fn read(registry: &dyn Registry, master: &MasterKey, labels: &[String]) -> issue::Result<Self> {
        let mut catalogue = Self {
            sources: Vec::new(),
            planted: Vec::new(),
            numbers: Vec::new(),
            lines: Vec::new(),
            state: String::new(),
        };
        // Before what it speaks of: what is planted meanwhile makes the index stale.
        catalogue.state = registry.stock()?;
        for row in registry.lines()? {
            let number = &row.line.number;
            let country = number.country.to_string().len();
            catalogue.lines.push(Line { digits: number.digits(), country, id: row.id });
        }
        let mut templates = BTreeMap::new();
        for epoch in registry.epochs()? {
            let rules = &epoch.rules;
            if labels.is_empty() || labels.contains(&rules.label) {
                let codebook = Codebook::new(master, rules.epoch, rules.sizes());
                catalogue.add_epoch(registry, rules.epoch, &rules.label, &codebook, &mut templates)?;
            }
        }
        catalogue.make_ready();
        Ok(catalogue)
    }

    /// Makes what makes numbers ready for as many as there are.
    fn make_ready(&mut self) {
        let mut uses = vec![0; self.numbers.len()];
        for planted in &self.planted {
            planted.numbers.iter().for_each(|&place| uses[place] += planted.serials.len() as u64);
        }
        let made = std::mem::take(&mut self.numbers).into_iter().zip(uses);
        self.numbers.extend(made.map(|(numbers, uses)| Numbers {
            permutation: numbers.permutation.ready_for(uses),
            template: numbers.template,
        }));
    }

    fn add_epoch(
        &mut self,
        registry: &dyn Registry,
        epoch: u32,
        label: &str,
        codebook: &Codebook,
        templates: &mut BTreeMap<String, Template>,
    ) -> issue::Result<()> {
        let mut makers: BTreeMap<String, Option<usize>> = BTreeMap::new();
        let mut numbers = |this: &mut Self, hash: &str| -> issue::Result<Option<usize>> {
            if let Some(known) = makers.get(hash) {
                return Ok(*known);
            }
            if !templates.contains_key(hash) {
                templates.insert(hash.to_owned(), stored_template(registry, hash)?);
            }
            let template = &templates[hash];
            let maker = template.block().map(|block| Numbers {
                permutation: codebook.permutation(block.id(), block.size()),
                template: template.clone(),
            });
            let place = maker.map(|maker| {
                this.numbers.push(maker);
                this.numbers.len() - 1
            });
            makers.insert(hash.to_owned(), place);
            Ok(place)
        };
        for row in registry.planted(epoch)? {
            let numbers = numbers(self, &row.template)?;
            let source = Source {
                epoch: label.to_owned(),
                account: row.account,
                batch: row.batch,
                planted: row.at,
                form: 0,
                first: 0,
                count: row.serials.len() as u32,
            };
            self.sources.push(source);
            self.planted.push(Planted { numbers, serials: row.serials });
        }
        for row in registry.scopes(epoch)? {
            let numbers = numbers(self, &row.template)?;
            let source = Source {
                epoch: label.to_owned(),
                account: String::new(),
                batch: row.name,
                planted: row.opened,
                form: 0,
                first: 0,
                count: row.serials.len() as u32,
            };
            self.sources.push(source);
            self.planted.push(Planted { numbers, serials: row.serials });
        }
        Ok(())
    }
}

impl Canaries for Catalogue {
    fn sources(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.sources)
    }

    fn numbers(&self, place: usize, each: &mut dyn FnMut(&str)) {
        let planted = &self.planted[place];
        let Some(numbers) = planted.numbers.map(|place| &self.numbers[place]) else {
            return planted.serials.iter().for_each(|_| each(""));
        };
        let block = numbers.template.block().expect("what makes numbers has a block");
        planted.serials.iter().for_each(|&serial| each(&block.number(numbers.permutation.apply(serial))));
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.clone()
    }

    fn state(&self) -> String {
        self.state.clone()
    }
}
