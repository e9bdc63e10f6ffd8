//! The library derives what `scripts/vectors` derives.
//!
//! The vectors in `tests/vectors/derivation/` were written by an independent
//! implementation in Python; this is the other half of the agreement. Each
//! test runs one file; the last one sees that no file is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use trapline::codebook::{Codebook, Holder, SharedSlot, Sizes};
use trapline::derive::{Draw as _, Keystream, Seed, Stream, ordered_subset, subset};
use trapline::key::{Label, MasterKey};
use trapline::line::LineNumber;
use trapline::persona::{PersonaMaker as _, Role};
use trapline::record::{ColumnRole, Value as Cell};
use trapline::rules::SlotRules;
use trapline::scrub::{FilterKey, filter_of};
use trapline::seal::Vault;
use trapline::template::{CanaryInput, Template};

/// What the library says to the input of a case.
type Derive = fn(&Value) -> Value;

/// Every operation, with what the library says to a case's input.
const OPERATIONS: [(&str, Derive); 23] = [
    ("key_file", key_file),
    ("subkey_seed", subkey_seed),
    ("tag", tag),
    ("seal", seal),
    ("scrub_filter", scrub_filter),
    ("words", words),
    ("below", below),
    ("below_u64", below_u64),
    ("weighted", weighted),
    ("subset", subset_of),
    ("ordered_subset", ordered_subset_of),
    ("keystream_block", keystream_block),
    ("account_set", account_set),
    ("standing_set", standing_set),
    ("batch_lines", batch_lines),
    ("scope_slots", scope_slots),
    ("slot_variants", slot_variants),
    ("ghost_set", account_set),
    ("persona_seed", persona_seed),
    ("parcel_seed", parcel_seed),
    ("place_seed", place_seed),
    ("permutation", permutation),
    ("record", record),
];

#[test]
fn every_vector_comes_out_the_same() {
    let mut cases = 0;
    for (operation, derive) in OPERATIONS {
        for case in read(operation) {
            let found = derive(&case["input"]);

            assert_eq!(found, case["expect"], "{operation}: {}", case["comment"]);
            cases += 1;
        }
    }
    assert!(cases >= 100, "only {cases} cases were found");
}

#[test]
fn no_vector_file_is_left_out() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder of vectors")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();

    let known: BTreeSet<String> = OPERATIONS.iter().map(|(operation, _)| (*operation).to_owned()).collect();

    assert_eq!(files, known);
}

#[test]
fn a_sealed_vector_with_a_flipped_bit_does_not_open() {
    for case in read("seal") {
        let (vault, table, row) = sealed_in(&case["input"]);
        let mut sealed = bytes(&case["expect"]);
        sealed[24] ^= 1;

        assert_eq!(vault.open(table, row, &sealed), None, "{}", case["comment"]);
    }
}

fn key_file(input: &Value) -> Value {
    MasterKey::parse(text(&input["text"])).map_or(Value::Null, |key| key.id().to_string().into())
}

fn subkey_seed(input: &Value) -> Value {
    let labels = [
        Label::Lines,
        Label::Persona,
        Label::Parcel,
        Label::Number,
        Label::Slots,
        Label::Tag,
        Label::Seal,
        Label::Place,
        Label::Scan,
        Label::Scrub,
    ];
    let label = labels.into_iter().find(|label| label.name() == text(&input["label"])).expect("a label");
    let parts: Vec<Vec<u8>> = list(&input["parts"]).iter().map(bytes).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    hex(&key(input).epoch(number(&input["epoch"])).subkey(label).seed(&parts))
}

fn scrub_filter(input: &Value) -> Value {
    let filter_key = FilterKey::of(&key(input));
    let texts = |name: &str| list(&input[name]).iter().map(text).collect::<Vec<_>>();
    let made = jiff::Timestamp::from_second(i64::from(number(&input["made"]))).expect("a time");
    let file = filter_of(&filter_key, &texts("numbers"), &texts("phones"), made);
    json!({ "key_file": filter_key.to_file_text().trim(), "file": hex(&file) })
}

fn tag(input: &Value) -> Value {
    let parts: Vec<Vec<u8>> = list(&input["parts"]).iter().map(bytes).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    hex(&Vault::new(&key(input)).tag(text(&input["purpose"]), &parts))
}

/// Sealing draws its nonce from the system, so the vector is opened: what
/// opens to the plain value under this nonce is the only text that does.
fn seal(input: &Value) -> Value {
    let (vault, table, row) = sealed_in(input);
    let case = read("seal").into_iter().find(|case| case["input"] == *input).expect("the case of this input");
    let opened = vault.open(table, row, &bytes(&case["expect"])).expect("the vector opens");
    assert_eq!(hex(&opened), input["plain"]);
    case["expect"].clone()
}

fn sealed_in(input: &Value) -> (Vault, &str, i64) {
    (Vault::new(&key(input)), text(&input["table"]), input["row"].as_i64().expect("a row id"))
}

fn words(input: &Value) -> Value {
    let mut stream = Stream::new(&seed(input));
    (0..number(&input["count"])).map(|_| stream.word()).collect()
}

fn below(input: &Value) -> Value {
    let mut stream = Stream::new(&seed(input));
    list(&input["bounds"]).iter().map(|bound| stream.below(number(bound))).collect()
}

fn below_u64(input: &Value) -> Value {
    let mut stream = Stream::new(&seed(input));
    list(&input["bounds"]).iter().map(|bound| stream.below_u64(wide(bound)).to_string()).collect()
}

fn weighted(input: &Value) -> Value {
    let mut stream = Stream::new(&seed(input));
    let cumulative: Vec<u64> = list(&input["cumulative"]).iter().map(wide).collect();
    (0..number(&input["count"])).map(|_| stream.weighted(&cumulative)).collect()
}

fn subset_of(input: &Value) -> Value {
    json!(subset(&mut Stream::new(&seed(input)), number(&input["n"]), number(&input["c"])))
}

fn ordered_subset_of(input: &Value) -> Value {
    json!(ordered_subset(&mut Stream::new(&seed(input)), number(&input["n"]), number(&input["t"])))
}

fn keystream_block(input: &Value) -> Value {
    let k = number(&input["k"]) as usize;
    let keystream = Keystream::new(&seed(input), k + 1);
    let mut block = keystream.block(k);
    (0..number(&input["count"])).map(|_| block.word()).collect()
}

fn account_set(input: &Value) -> Value {
    json!(book(input).account_set(holder(input)))
}

fn standing_set(input: &Value) -> Value {
    let lines = book(input).account_lines(holder(input));
    assert_eq!(lines.all, book(input).account_set(holder(input)), "both ways to C_a agree");
    json!(lines.standing)
}

fn batch_lines(input: &Value) -> Value {
    let lines = book(input).account_lines(holder(input));
    json!(book(input).batch_lines(holder(input), &lines, text(&input["batch"]), number(&input["t"])))
}

fn scope_slots(input: &Value) -> Value {
    let told = |slot: SharedSlot| {
        let threshold = (slot.bias() * 4_294_967_296.0) as u64;
        json!({ "variants": slot.variants, "threshold": threshold })
    };
    slots(input).into_iter().map(told).collect()
}

fn slot_variants(input: &Value) -> Value {
    json!(book(input).slot_variants(holder(input), text(&input["scope"]), &slots(input)))
}

fn slots(input: &Value) -> Vec<SharedSlot> {
    let given = &input["rules"];
    let share = |name: &str| given[name].as_f64().expect("a number");
    let rules = SlotRules {
        arcsine: share("arcsine"),
        cutoff: share("cutoff"),
        bias: share("bias"),
        ..SlotRules::new(number(&given["lines"]), number(&given["per_scope"]))
    };
    book(input).scope_slots(text(&input["scope"]), &rules, number(&input["each"]))
}

fn persona_seed(input: &Value) -> Value {
    let role = [Role::Sender, Role::Recipient].into_iter().find(|role| role.name() == text(&input["role"]));
    hex(&book(input).persona_seed(holder(input), role.expect("a role"), number(&input["line"])))
}

fn parcel_seed(input: &Value) -> Value {
    hex(&book(input).parcel_seed(holder(input), text(&input["batch"]), number(&input["index"])))
}

fn place_seed(input: &Value) -> Value {
    hex(&book(input).place_seed(holder(input), text(&input["batch"]), text(&input["purpose"])))
}

fn permutation(input: &Value) -> Value {
    let any = Sizes { pool: 2, account: 2, standing: 1 };
    let codebook = Codebook::new(&key(input), number(&input["epoch"]), any);
    let permutation = codebook.permutation(text(&input["block"]), wide(&input["size"]));
    let apply = |serial: &Value| {
        let place = permutation.apply(wide(serial));
        assert_eq!(permutation.invert(place), wide(serial), "the way back");
        place.to_string()
    };
    list(&input["serials"]).iter().map(apply).collect()
}

/// A record of one person, column by column, as `[role, text]`.
fn record(input: &Value) -> Value {
    let template = Template::parse(text(&input["template"]), "vector").expect("a template");
    let line = LineNumber {
        country: 86,
        national: text(&input["line"]["national"]).to_owned(),
        extension: text(&input["line"]["extension"]).to_owned(),
    };
    let persona = template.persona(Role::Recipient, &bytes(&input["persona_seed"]).try_into().expect("32 bytes"));
    let record = template.record(&CanaryInput {
        number_place: Some(wide(&input["number_place"])),
        people: &[(Role::Recipient, &persona, &line)],
        parcel_seed: &bytes(&input["parcel_seed"]).try_into().expect("32 bytes"),
    });
    let cell = |(role, value): &(ColumnRole, Cell)| match value {
        Cell::Text(text) => json!([role.to_string(), text]),
        other => panic!("{role}: expected a text, found {other:?}"),
    };
    record.values.iter().map(cell).collect()
}

fn book(input: &Value) -> Codebook {
    let size = |name: &str| number(&input["sizes"][name]);
    let sizes = Sizes { pool: size("pool"), account: size("account"), standing: size("standing") };
    Codebook::new(&key(input), number(&input["epoch"]), sizes)
}

fn holder(input: &Value) -> Holder<'_> {
    let holder = &input["holder"];
    if let Some(scope) = holder["scope"].as_str() {
        return Holder::Scope(scope);
    }
    holder["account"].as_str().map_or_else(|| Holder::Ghost(number(&holder["ghost"])), Holder::Account)
}

fn key(input: &Value) -> MasterKey {
    MasterKey::parse(text(&input["key"])).expect("a key")
}

fn seed(input: &Value) -> Seed {
    bytes(&input["seed"]).try_into().expect("32 bytes")
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().expect("a number")).expect("32 bits")
}

/// Numbers of 64 bits are decimal strings: JSON readers of some languages round.
fn wide(value: &Value) -> u64 {
    text(value).parse().expect("a decimal number")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn bytes(value: &Value) -> Vec<u8> {
    let digits = text(value).as_bytes();
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).expect("hexadecimal")
    };
    digits.chunks(2).map(pair).collect()
}

fn hex(bytes: &[u8]) -> Value {
    trapline::rules::hex(bytes).into()
}

fn read(operation: &str) -> Vec<Value> {
    let path = folder().join(format!("{operation}.json"));
    let text = fs::read_to_string(&path).expect("a file of vectors");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], "trapline.vectors.derivation/1");
    assert_eq!(document["operation"], operation);
    list(&document["cases"]).to_vec()
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "vectors", "derivation"].iter().collect()
}
