//! From YAML to a template: every rule of the format in one place.
//!
//! Two passes: fields are read one by one, with the fields they refer to by
//! name; then what only the whole can tell is checked: references, circles,
//! keystream blocks owned twice, roles without a phone.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::persona::Role;
use crate::template::beside::{NearbyLaw, ScaledLaw};
use crate::template::field::{Case, ChoiceLaw, Field, Given, Law, in_order, read_choice, read_time};
use crate::template::number::{Format, read_number, read_rate};
use crate::template::phone::{PhoneLaw, Style};
use crate::template::place::Part;
use crate::template::waybill::{Block, read_block, read_twin};
use crate::template::weights::{Weighted, read_texts};
use crate::template::yaml::{Document, Fields, Node, distance};
use crate::template::{MAX_FIELDS, Parts, columns, name, place};

/// Highest keystream block: 31 is two kilobytes of keystream per record.
const MAX_KEYSTREAM: u64 = 31;

/// Most cases of a field that goes by another.
const MAX_CASES: usize = 10_000;

/// Kinds of fields, for hints.
const KINDS: &str = "waybill, serial, phone, name, address, part, choice, number, rate, time, constant, reference, \
                     copied, between, varied, scaled, nearby";

/// Reads a whole template.
pub(crate) fn template(text: &str, origin: &str) -> Result<Parts, Fault> {
    let document = Document::parse(text, origin)?;
    let mut top = document.root().fields()?;
    let name = top.required("name")?.word()?;
    top.required("version")?.whole(1, 1)?;
    top.optional("about").map_or(Ok(String::new()), |node| node.text())?;
    let roles = read_roles(top.optional("roles"))?;
    let repeats = top.optional("repeats").map_or(Ok(0), |node| node.whole(0, 500))? as u32;
    let fields_node = top.required("fields")?;
    let columns_node = top.required("columns")?;
    top.finish()?;

    let reader = Reader::new(&fields_node, &roles)?;
    let Reader { nodes, fields, block, .. } = reader.read()?;
    let (columns, column_fields) = columns::read(&columns_node, &nodes, &fields, &roles)?;
    Ok(Parts { name, roles, repeats, fields, columns, column_fields, block })
}

fn read_roles(node: Option<Node<'_>>) -> Result<Vec<Role>, Fault> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut roles = Vec::new();
    for item in node.list()? {
        let role = read_role(&item)?;
        if roles.contains(&role) {
            return Err(item.fault(format!("the role {} is listed twice", role.name())));
        }
        roles.push(role);
    }
    Ok(roles)
}

fn read_role(node: &Node<'_>) -> Result<Role, Fault> {
    match node.word()?.as_str() {
        "sender" => Ok(Role::Sender),
        "recipient" => Ok(Role::Recipient),
        other => Err(node.fault(format!("expected sender or recipient, found {other:?}"))),
    }
}

/// The fields while they are being read.
struct Reader<'a> {
    nodes: Vec<(String, Node<'a>)>,
    roles: &'a [Role],
    fields: Vec<Field>,
    block: Option<Block>,
}

impl<'a> Reader<'a> {
    fn new(node: &Node<'a>, roles: &'a [Role]) -> Result<Self, Fault> {
        let nodes = node.entries()?;
        if nodes.len() > MAX_FIELDS {
            return Err(node.fault(format!("expected at most {MAX_FIELDS} fields, found {}", nodes.len())));
        }
        Ok(Self { nodes, roles, fields: Vec::new(), block: None })
    }

    fn read(mut self) -> Result<Self, Fault> {
        // Serials write the block's places, rates count another field's units
        // and parts are parts of something: what they lean on is read first,
        // wherever it stands.
        let mut laws: BTreeMap<usize, (Law, Option<usize>)> = BTreeMap::new();
        let mut givens: BTreeMap<usize, Given> = BTreeMap::new();
        let kinds: Vec<String> = self.nodes.iter().map(|(_, node)| kind_of(node)).collect::<Result<_, _>>()?;
        for leaning in [false, true] {
            for (index, kind) in kinds.iter().enumerate() {
                if matches!(kind.as_str(), "serial" | "rate" | "part" | "scaled") == leaning {
                    let (law, keystream, given) = self.field(index, kind, &laws)?;
                    laws.insert(index, (law, keystream));
                    givens.extend(given.map(|given| (index, given)));
                }
            }
        }
        self.fields = laws
            .into_iter()
            .zip(&self.nodes)
            .map(|((index, (law, keystream)), (name, _))| Field {
                name: name.clone(),
                law,
                keystream,
                given: givens.remove(&index),
                is_late: false,
            })
            .collect();
        self.check_sources()?;
        for index in in_order(&self.fields) {
            let late = |&source: &usize| self.fields[source].is_late || self.fields[source].law.is_from_file();
            let is_late = self.fields[index].law.is_beside() || self.fields[index].sources().iter().any(late);
            self.fields[index].is_late = is_late;
        }
        self.check_keystreams()?;
        self.check_people()?;
        Ok(self)
    }

    fn field(
        &mut self,
        index: usize,
        kind: &str,
        read: &BTreeMap<usize, (Law, Option<usize>)>,
    ) -> Result<(Law, Option<usize>, Option<Given>), Fault> {
        let node = self.nodes[index].1.clone();
        let mut fields = node.fields()?;
        fields.required("kind")?;
        let (mut keystream, mut given) = (None, None);
        let mut draws = |fields: &mut Fields<'_>| {
            let block = fields.required("keystream")?.whole(0, MAX_KEYSTREAM)?;
            keystream = Some(block as usize);
            Ok::<_, Fault>(())
        };
        let law = match kind {
            "waybill" => {
                if self.block.is_some() {
                    return Err(node
                        .fault("a template has one waybill number")
                        .hint("kind: serial writes it in another form"));
                }
                self.block = Some(read_block(&mut fields)?);
                Law::Waybill
            }
            "serial" => match &mut self.block {
                Some(block) => {
                    let form = read_twin(&mut fields, crate::record::WaybillBlock::size(block))?;
                    Law::Serial(block.add_twin(form))
                }
                None => return Err(node.fault("a serial needs a field of kind waybill to go with")),
            },
            "phone" => {
                let law = self.phone(&mut fields)?;
                if matches!(&law, Law::Phone { law, .. } if law.draws()) {
                    draws(&mut fields)?;
                }
                law
            }
            "name" => {
                draws(&mut fields)?;
                let role = read_role(&fields.required("role")?)?;
                Law::Name { role, law: Box::new(name::read(&mut fields)?) }
            }
            "address" => {
                draws(&mut fields)?;
                let role = read_role(&fields.required("role")?)?;
                Law::Address { role, law: Box::new(place::read(&mut fields)?) }
            }
            "part" => self.part(&mut fields, read)?,
            "choice" => {
                draws(&mut fields)?;
                given = self.given(&mut fields, |fields| read_choice(fields).map(Law::Choice))?;
                let choice = read_choice(&mut fields)?;
                check_keys(&fields, &choice, given.as_ref())?;
                Law::Choice(choice)
            }
            "number" => {
                draws(&mut fields)?;
                let format = Format::read(&mut fields)?;
                given = self.given(&mut fields, |fields| read_number(fields, format).map(Law::Number))?;
                Law::Number(read_number(&mut fields, format)?)
            }
            "rate" => {
                let (of, of_node) = self.source(&mut fields, "of")?;
                let (by, _) = self.source(&mut fields, "by")?;
                let Some((Law::Number(number), _)) = read.get(&of) else {
                    return Err(of_node.fault("a rate follows a field of kind number"));
                };
                Law::Rate { of, by, law: read_rate(&mut fields, number.format)? }
            }
            "scaled" => {
                let (of, of_node) = self.source(&mut fields, "of")?;
                let Some((Law::Number(_) | Law::Varied, _)) = read.get(&of) else {
                    return Err(of_node.fault("what is scaled goes by a field of kind number or varied"));
                };
                Law::Scaled { of, law: ScaledLaw::read(&mut fields)? }
            }
            "varied" => {
                draws(&mut fields)?;
                Law::Varied
            }
            "nearby" => {
                draws(&mut fields)?;
                let with = if fields.has("with") { Some(self.source(&mut fields, "with")?.0) } else { None };
                Law::Nearby { with, law: NearbyLaw::read(&mut fields)? }
            }
            "time" => {
                draws(&mut fields)?;
                Law::Time(read_time(&mut fields)?)
            }
            "constant" => Law::Constant(fields.required("text")?.text()?),
            "reference" => Law::Same(self.source(&mut fields, "of")?.0),
            "copied" => Law::Copied { scratch: read_scratch(&mut fields)? },
            "between" => Law::Between { scratch: read_scratch(&mut fields)? },
            other => return Err(node.fault(format!("unknown kind {other:?}")).hint(format!("known: {KINDS}"))),
        };
        fields.finish()?;
        Ok((law, keystream, given))
    }

    /// Reads `given: FIELD` and `when: {text: law, ...}`.
    fn given<'b>(
        &self,
        fields: &mut Fields<'b>,
        read: impl Fn(&mut Fields<'b>) -> Result<Law, Fault>,
    ) -> Result<Option<Given>, Fault> {
        if !fields.has("given") {
            return Ok(None);
        }
        let (by, _) = self.source(fields, "given")?;
        let mut when = Vec::new();
        for (word, node) in fields.required("when")?.entries()? {
            let mut fields = node.fields()?;
            when.push((Case::read(&word), read(&mut fields)?));
            fields.finish()?;
        }
        // Which case it was is kept in sixteen bits.
        match when.len() {
            0..=MAX_CASES => Ok(Some(Given { by, when })),
            more => Err(fields.node().fault(format!("expected at most {MAX_CASES} cases, found {more}"))),
        }
    }

    /// Reads the name of another field.
    fn source<'b>(&self, fields: &mut Fields<'b>, key: &'static str) -> Result<(usize, Node<'b>), Fault> {
        let node = fields.required(key)?;
        let name = node.word()?;
        match self.nodes.iter().position(|(have, _)| *have == name) {
            Some(index) => Ok((index, node)),
            None => {
                let close = self.nodes.iter().map(|(have, _)| have).min_by_key(|have| distance(have, &name));
                let fault = node.fault(format!("there is no field {name:?}"));
                Err(match close {
                    Some(close) => fault.hint(format!("did you mean {close:?}?")),
                    None => fault,
                })
            }
        }
    }

    fn phone(&self, fields: &mut Fields<'_>) -> Result<Law, Fault> {
        let role_node = fields.required("role")?;
        let role = read_role(&role_node)?;
        if !self.roles.contains(&role) {
            let fault = role_node.fault(format!("the {} wears no line in this template", role.name()));
            return Err(fault.hint("add it to roles, or copy the column: kind: copied"));
        }
        let country = fields.required("country")?.whole(1, 999)? as u16;
        let styles_node = fields.required("styles")?;
        let listed = read_texts(&styles_node)?;
        let mut styles = Vec::new();
        for word in listed.items() {
            let Some((_, style)) = Style::ALL.iter().find(|(have, _)| have == word) else {
                let known: Vec<&str> = Style::ALL.iter().map(|(word, _)| *word).collect();
                let fault = styles_node.fault(format!("unknown style {word:?}"));
                return Err(fault.hint(format!("known: {}", known.join(", "))));
            };
            styles.push(*style);
        }
        let joiners = match fields.optional("extension") {
            Some(node) => {
                let joiners = read_texts(&node)?;
                if joiners
                    .items()
                    .iter()
                    .any(|joiner| joiner.is_empty() || joiner.contains(|c: char| c.is_ascii_digit()))
                {
                    return Err(node.fault("what stands before an extension must part it from the number"));
                }
                joiners
            }
            None => Weighted::new([("转".to_owned(), 1)]).expect("one weight"),
        };
        let law = PhoneLaw {
            styles,
            style_sums: listed.sums().to_vec(),
            joiner_sums: joiners.sums().to_vec(),
            joiners: joiners.items().to_vec(),
        };
        Ok(Law::Phone { role, country, law })
    }

    /// A part of an address, or of the row that a choice took.
    fn part(&self, fields: &mut Fields<'_>, read: &BTreeMap<usize, (Law, Option<usize>)>) -> Result<Law, Fault> {
        let (of, of_node) = self.source(fields, "of")?;
        let node = fields.required("part")?;
        let words = if node.is_list() {
            node.list()?.iter().map(Node::word).collect::<Result<_, _>>()?
        } else {
            vec![node.word()?]
        };
        part_law(of, &of_node, &node, &words, read.get(&of).map(|(law, _)| law))
    }

    fn check_sources(&self) -> Result<(), Fault> {
        for (index, field) in self.fields.iter().enumerate() {
            let node = &self.nodes[index].1;
            let mut circle = Vec::new();
            if self.leads_to(index, index, &mut circle) {
                let names: Vec<&str> = circle.iter().map(|&at| self.fields[at].name.as_str()).collect();
                let what = format!("the field is made from itself: {} -> {}", field.name, names.join(" -> "));
                return Err(node.fault(what).hint("break the circle with a field that draws its own value"));
            }
        }
        for (index, field) in self.fields.iter().enumerate() {
            let Law::Rate { by, .. } = &field.law else { continue };
            let mut by = *by;
            while let Law::Same(next) = &self.fields[by].law {
                by = *next;
            }
            match &self.fields[by].law {
                Law::PlaceParts { .. } | Law::Choice(_) | Law::ChoicePart { .. } | Law::Constant(_) => {}
                _ => {
                    let fault = self.nodes[index].1.fault("a rate goes by a choice, a part or a constant");
                    return Err(fault.hint("by: the field whose text picks the rate, such as a province"));
                }
            }
        }
        Ok(())
    }

    /// Whether `to` is among the sources of `from`, however far; leaves the way in `path`.
    fn leads_to(&self, from: usize, to: usize, path: &mut Vec<usize>) -> bool {
        for next in self.fields[from].sources() {
            if next == to {
                path.push(next);
                return true;
            }
            if path.contains(&next) {
                continue;
            }
            path.push(next);
            if self.leads_to(next, to, path) {
                return true;
            }
            path.pop();
        }
        false
    }

    fn check_keystreams(&self) -> Result<(), Fault> {
        let mut owners: BTreeMap<(Option<Role>, usize), &str> = BTreeMap::new();
        for (field, (_, node)) in self.fields.iter().zip(&self.nodes) {
            let Some(block) = field.keystream else { continue };
            if let Some(owner) = owners.insert((field.law.person(), block), &field.name) {
                let seed = field.law.person().map_or("parcel", Role::name);
                let free = (0..).find(|free| !owners.contains_key(&(field.law.person(), *free))).unwrap_or(0);
                let what = format!("keystream block {block} of the {seed} seed already belongs to {owner}");
                return Err(node.fault(what).hint(format!("block {free} is free")));
            }
        }
        Ok(())
    }

    fn check_people(&self) -> Result<(), Fault> {
        let mut seen: BTreeMap<(Role, &str), &str> = BTreeMap::new();
        for (field, (_, node)) in self.fields.iter().zip(&self.nodes) {
            let (role, kind) = match &field.law {
                Law::Name { role, .. } => (*role, "name"),
                Law::Address { role, .. } => (*role, "address"),
                Law::Phone { role, .. } => (*role, "phone"),
                _ => continue,
            };
            if let Some(other) = seen.insert((role, kind), &field.name) {
                return Err(node.fault(format!("the {} already has its {kind}: {other}", role.name())));
            }
        }
        Ok(())
    }
}

/// Parts of a choice are named alike in all its cases.
fn check_keys(fields: &Fields<'_>, choice: &ChoiceLaw, given: Option<&Given>) -> Result<(), Fault> {
    let mut cases = given.iter().flat_map(|given| &given.when);
    let differs = cases.any(|(_, law)| matches!(law, Law::Choice(case) if case.keys != choice.keys));
    if differs { Err(fields.node().fault("the keys of every case must be those of the choice")) } else { Ok(()) }
}

fn kind_of(node: &Node<'_>) -> Result<String, Fault> {
    node.fields()?.required("kind")?.word()
}

fn part_law(of: usize, of_node: &Node<'_>, node: &Node<'_>, words: &[String], law: Option<&Law>) -> Result<Law, Fault> {
    match law {
        Some(Law::Address { role, .. }) => {
            let part = |word: &String| {
                let found = Part::ALL.iter().find(|(have, _)| have == word);
                found.map(|(_, part)| *part).ok_or_else(|| {
                    let fault = node.fault(format!("an address has no part {word:?}"));
                    fault.hint("province, city, district, town, local, or a list of them")
                })
            };
            Ok(Law::PlaceParts { of, role: *role, parts: words.iter().map(part).collect::<Result<_, _>>()? })
        }
        Some(Law::Choice(choice)) => match words {
            [word] => match choice.keys.iter().position(|key| key == word) {
                Some(key) => Ok(Law::ChoicePart { of, key }),
                None => Err(node
                    .fault(format!("its rows have no {word:?}"))
                    .hint(format!("keys: {}", choice.keys.join(", ")))),
            },
            _ => Err(node.fault("expected one key of the choice's rows")),
        },
        _ => Err(of_node.fault("a part is of an address or of a choice with keys")),
    }
}

fn read_scratch(fields: &mut Fields<'_>) -> Result<String, Fault> {
    fields.optional("scratch").map_or(Ok(String::new()), |node| node.text())
}
