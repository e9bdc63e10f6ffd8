//! What a scenario's types cannot say.

use std::collections::BTreeSet;

use super::{Calls, FORMAT, Lookups, Sale, Scenario};
use crate::fault::Fault;
use crate::template::Template;

/// The longest scenario: time enough for a quarter and the longest horizon.
const MOST_DAYS: u32 = 750;
/// The most rows of one export.
const MOST_ROWS: u32 = 1_000_000;

type Checked = Result<(), Fault>;

impl Scenario {
    pub(super) fn check(&self) -> Checked {
        if self.format != FORMAT {
            return wrong("format", format!("expected {FORMAT:?}, found {:?}", self.format));
        }
        if !(1..=MOST_DAYS).contains(&self.days) {
            return wrong("days", format!("expected 1 to {MOST_DAYS}, found {}", self.days));
        }
        if self.monitor_every_days == 0 {
            return wrong("monitor_every_days", "expected at least 1");
        }
        self.check_lines()?;
        if Template::by_name(&self.template).is_none() {
            let names: Vec<&str> = Template::shipped().iter().map(|(name, _)| *name).collect();
            return Err(Fault::new(format!("there is no shipped template {:?}", self.template))
                .at_field("template")
                .hint(format!("there are {}", names.join(", "))));
        }
        self.check_exports()?;
        self.check_scopes()?;
        for (place, sale) in self.sales.iter().enumerate() {
            self.check_sale(sale).map_err(|fault| inside(fault, "sales", place))?;
        }
        self.check_noise()?;
        for (place, expected) in self.expected.iter().enumerate() {
            if self.expected[..place].iter().any(|other| other.names == expected.names) {
                return wrong(&format!("expected[{place}].names"), "two expectations for the same share of names");
            }
            if let Some(stranger) = expected.named.iter().flatten().find(|name| !self.exports_of(name)) {
                return wrong(&format!("expected[{place}].named"), format!("account {stranger:?} has no exports"));
            }
        }
        Ok(())
    }

    fn check_lines(&self) -> Checked {
        if !(40..=100_000).contains(&self.lines.traps) {
            return wrong("lines.traps", format!("expected 40 to 100000, found {}", self.lines.traps));
        }
        if !(1..=1000).contains(&self.lines.neighbours) {
            return wrong("lines.neighbours", format!("expected 1 to 1000, found {}", self.lines.neighbours));
        }
        Ok(())
    }

    fn check_exports(&self) -> Checked {
        for (place, export) in self.exports.iter().enumerate() {
            let at = |field: &str| format!("exports[{place}].{field}");
            if export.accounts.is_empty() {
                return wrong(&at("accounts"), "expected at least one account");
            }
            if export.rows == 0 || export.rows > MOST_ROWS {
                return wrong(&at("rows"), format!("expected 1 to {MOST_ROWS}, found {}", export.rows));
            }
            if export.every_days == 0 {
                return wrong(&at("every_days"), "expected at least 1");
            }
            if export.days.to >= self.days {
                return wrong(&at("days"), format!("the scenario ends after day {}", self.days - 1));
            }
        }
        Ok(())
    }

    /// Scopes and data: what several accounts see.
    fn check_scopes(&self) -> Checked {
        for (place, export) in self.exports.iter().enumerate() {
            let at = |field: &str| format!("exports[{place}].{field}");
            let earlier = &self.exports[..place];
            if export.data.is_some() && export.same_rows {
                return wrong(&at("same_rows"), "exports of one data hold the same rows anyway: leave one of them out");
            }
            let twin = export.data.as_ref().and_then(|data| earlier.iter().find(|one| one.data.as_ref() == Some(data)));
            if twin.is_some_and(|twin| twin.rows != export.rows || twin.file != export.file) {
                return wrong(&at("data"), "exports of the same data must have the same rows and the same file");
            }
            let Some(scope) = &export.scope else { continue };
            self.check_scope(&at("scope"), scope)?;
            if export.data.is_none() {
                return Err(Fault::new(format!("scope {scope:?} is a data set, and this export names none"))
                    .at_field(at("data"))
                    .hint("give all exports of the scope the same data"));
            }
            if earlier.iter().any(|one| one.scope.as_ref() == Some(scope) && one.data != export.data) {
                return wrong(&at("data"), format!("another export of scope {scope:?} has other data"));
            }
        }
        let bystanders = &self.bystanders;
        match &bystanders.scope {
            Some(scope) => {
                self.check_scope("bystanders.scope", scope)?;
                if !self.exports.iter().any(|export| export.scope.as_ref() == Some(scope)) {
                    return Err(Fault::new(format!("no export has scope {scope:?}"))
                        .at_field("bystanders.scope")
                        .hint("name the scope of an export: bystanders see what others leak"));
                }
            }
            None if bystanders.scope_accounts > 0 => {
                return wrong("bystanders.scope", "accounts plant under a scope, and none is named");
            }
            None => return Ok(()),
        }
        if !(1..=bystanders.accounts).contains(&bystanders.scope_accounts) {
            return wrong(
                "bystanders.scope_accounts",
                format!("expected 1 to {} of the bystanders, found {}", bystanders.accounts, bystanders.scope_accounts),
            );
        }
        Ok(())
    }

    fn check_scope(&self, field: &str, scope: &str) -> Checked {
        if self.attribution.slot_lines > 0 {
            return Ok(());
        }
        Err(Fault::new(format!("scope {scope:?} needs lines for its shared slots, and there are none"))
            .at_field(field)
            .hint("set attribution.slot_lines: two lines for each slot and role of the template"))
    }

    fn check_sale(&self, sale: &Sale) -> Checked {
        if sale.accounts.is_empty() {
            return wrong("accounts", "expected at least one account");
        }
        if let Some(stranger) = sale.accounts.iter().find(|name| !self.exports_of(name)) {
            return Err(Fault::new(format!("account {stranger:?} has no exports that could be sold"))
                .at_field("accounts")
                .hint("list it under exports, with days and rows"));
        }
        if sale.day >= self.days {
            return wrong("day", format!("the scenario ends after day {}", self.days - 1));
        }
        share("keep", sale.keep)?;
        if sale.drop_differing {
            self.check_comparison(sale)?;
        }
        let has = |wanted: &str| sale.columns.iter().any(|column| column.ends_with(wanted));
        if let Some(calls) = &sale.calls {
            if !has(".phone") {
                return wrong("columns", "a buyer without phones cannot call: list recipient.phone");
            }
            if calls.names > 0.0 && !has(".name") {
                return wrong("columns", "a buyer without names cannot ask for anybody: list recipient.name");
            }
            calls.check().map_err(|fault| deeper(fault, "calls"))?;
        }
        if let Some(lookups) = &sale.lookups {
            if !has("number") {
                return wrong("columns", "a buyer without numbers cannot look any up: list number");
            }
            lookups.check().map_err(|fault| deeper(fault, "lookups"))?;
        }
        Ok(())
    }

    /// Copies of differing data have no row in common.
    fn check_comparison(&self, sale: &Sale) -> Checked {
        if sale.accounts.len() < 2 {
            return wrong("drop_differing", "one account has nothing to compare its copies with: name at least two");
        }
        let data = |account: &String| {
            let own = self.exports.iter().filter(move |export| export.accounts.contains(account));
            own.filter_map(|export| export.data.as_deref()).collect::<BTreeSet<&str>>()
        };
        let common = sale.accounts.iter().map(data).reduce(|one, other| &one & &other).unwrap_or_default();
        if common.is_empty() {
            return Err(Fault::new(
                "these accounts have no export of the same data, so that every row would be dropped",
            )
            .at_field("drop_differing")
            .hint("give their exports the same data"));
        }
        Ok(())
    }

    fn check_noise(&self) -> Checked {
        for (place, noise) in self.noise.iter().enumerate() {
            let at = |field: &str| format!("noise[{place}].{field}");
            if !(0.0..=1000.0).contains(&noise.per_line_and_month) {
                return wrong(
                    &at("per_line_and_month"),
                    format!("expected 0 to 1000, found {}", noise.per_line_and_month),
                );
            }
            share("parcels", noise.parcels).map_err(|fault| inside(fault, "noise", place))?;
            if noise.lines_each.from == 0 || noise.lines_each.to > self.lines.traps {
                return wrong(&at("lines_each"), "expected at least 1, and no more than there are lines");
            }
        }
        let paces = self.sweeps.iter().map(|sweep| (sweep.day, sweep.pace_seconds, sweep.callers, sweep.step));
        let tracking = self.tracking_sweeps.iter().map(|sweep| (sweep.day, sweep.pace_seconds, sweep.addresses, 1));
        for (day, pace, origins, step) in paces.chain(tracking) {
            if day >= self.days || !(0.0..=86_400.0).contains(&pace) || origins == 0 || step == 0 {
                return wrong(
                    "sweeps",
                    "expected a day of the scenario, a pace of 0 to 86400 seconds, at least one caller and a step of at least 1",
                );
            }
        }
        Ok(())
    }

    fn exports_of(&self, account: &str) -> bool {
        self.exports.iter().any(|export| export.accounts.iter().any(|name| name == account))
    }
}

impl Calls {
    fn check(&self) -> Checked {
        share("rows", self.rows)?;
        share("names", self.names)?;
        share("masks", self.masks)?;
        share("parcels", self.parcels)?;
        if self.callers == 0 || self.each.from == 0 {
            return wrong("callers", "expected at least one caller, and at least one call for each row");
        }
        Ok(())
    }
}

impl Lookups {
    fn check(&self) -> Checked {
        share("rows", self.rows)?;
        if !(1..=60_000).contains(&self.addresses) {
            return wrong("addresses", format!("expected 1 to 60000, found {}", self.addresses));
        }
        Ok(())
    }
}

fn share(field: &str, value: f64) -> Checked {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    wrong(field, format!("expected a share between 0 and 1, found {value}"))
}

fn wrong(field: &str, what: impl Into<String>) -> Checked {
    Err(Fault::new(what).at_field(field))
}

fn inside(fault: Fault, list: &str, place: usize) -> Fault {
    deeper(fault, &format!("{list}[{place}]"))
}

fn deeper(fault: Fault, path: &str) -> Fault {
    let field = fault.field.clone().map(|field| format!(".{field}")).unwrap_or_default();
    fault.at_field(format!("{path}{field}"))
}
