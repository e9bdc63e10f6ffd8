//! Waybill numbers: a reserved block, written in a carrier's own form.
//!
//! A canary's number must be one that the carrier would hand out and never
//! has: the operator reserves a block of serials, and a place in that block is
//! all that the rest of the program knows of a number. Which canary takes
//! which place is a keyed permutation's business (`codebook`); this module only
//! maps places to text and back, check digit included.
//!
//! A number is `prefix serial check suffix`: `YT0000` + `000001234`, or `RB` +
//! `12345678` + `5` + `GB`. The same place may also be written in a second form
//! (an order number beside a delivery number); reading accepts either.

use crate::fault::Fault;
use crate::record::WaybillBlock;
use crate::template::form::{Form, bare};
use crate::template::serials::{self, Serials};
use crate::template::yaml::Fields;

/// A reserved block of waybill numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    id: String,
    size: u64,
    form: Form,
    twins: Vec<Form>,
}

impl Block {
    /// Returns the number at `place`, in its carrier's form with check digit.
    ///
    /// # Panics
    ///
    /// If `place` is outside the block.
    pub fn number(&self, place: u64) -> String {
        self.write(&self.form, place)
    }

    /// Whether its numbers are scattered over several ranges.
    pub(crate) fn is_scattered(&self) -> bool {
        self.form.is_scattered()
    }

    /// Writes `place` in one of the block's forms.
    pub(crate) fn write(&self, form: &Form, place: u64) -> String {
        assert!(place < self.size, "place {place} is outside the waybill block");
        form.write(place)
    }

    /// Adds a second form and returns it.
    pub(crate) fn add_twin(&mut self, form: Form) -> Form {
        self.twins.push(form.clone());
        form
    }

    /// Returns the share of the block's numbers, written in `form`, that fit `mask`.
    pub(crate) fn share(&self, form: &Form, mask: &[Option<char>]) -> f64 {
        form.share(self.size, mask)
    }

    /// All forms that its places are written in.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Form> {
        std::iter::once(&self.form).chain(&self.twins)
    }

    /// The block's own form.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }
}

impl WaybillBlock for Block {
    fn id(&self) -> &str {
        &self.id
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn place_of(&self, normal: &str) -> Option<u64> {
        let number = bare(normal);
        self.forms().find_map(|form| form.place(&number, self.size))
    }
}

/// Reads a field of kind `waybill`.
pub(crate) fn read_block(fields: &mut Fields<'_>) -> Result<Block, Fault> {
    let mut block = fields.required("block")?.fields()?;
    let id = block.required("id")?.word()?;
    let (serials, size) = match block.optional("ranges") {
        Some(ranges) => Serials::read(&ranges)?,
        None => {
            let start = block.optional("start").map_or(Ok(0), |node| node.whole(0, u64::MAX / 2))?;
            (Serials::From(start), block.required("size")?.whole(1, serials::MOST)?)
        }
    };
    block.finish()?;
    let form = Form::read(fields, serials, size)?;
    Ok(Block { id, size, form, twins: Vec::new() })
}

/// Reads a field of kind `serial`: another writing of the block's places.
pub(crate) fn read_twin(fields: &mut Fields<'_>, size: u64) -> Result<Form, Fault> {
    let start = fields.optional("start").map_or(Ok(0), |node| node.whole(0, u64::MAX / 2))?;
    Form::read(fields, Serials::From(start), size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::yaml::Document;

    fn block(yaml: &str) -> Result<Block, Fault> {
        let document = Document::parse(yaml, "t.yaml")?;
        let mut fields = document.root().fields()?;
        let block = read_block(&mut fields)?;
        fields.finish()?;
        Ok(block)
    }

    fn blocks() -> Vec<Block> {
        [
            "{form: yto, prefix: YT0000, block: {id: a, size: 1000000000}}",
            "{form: zto, prefix: '7300', block: {id: a, start: 77, size: 100000}}",
            "{form: s10, prefix: RB, suffix: GB, block: {id: a, start: 12345678, size: 1000}}",
            "{form: ups-1z, prefix: 1Z5R893903, block: {id: a, start: 5000000, size: 1000000}}",
            "{form: fedex-12, prefix: '9', block: {id: a, size: 1000000}}",
            "{form: fedex-34, prefix: '100192133425000100', block: {id: a, start: 300779017000000, size: 1000000}}",
            "{form: usps-impb, prefix: '940011', block: {id: a, start: 120108080548301, size: 100}}",
            "{form: dhl-10, block: {id: a, start: 331881000, size: 1000}}",
            "{form: dhl-11, block: {id: a, start: 331881000, size: 1000}}",
            "{form: dpd-14, prefix: '0998', block: {id: a, size: 1000}}",
            "{form: dpd-28, prefix: '008182709980000', block: {id: a, start: 20033350276, size: 1000}}",
            "{form: reference, prefix: ASN-, block: {id: a, start: 95, size: 2000}}",
            "{form: reference, prefix: P, digits: 6, block: {id: a, start: 95, size: 2000}}",
            "{form: yto, prefix: YT7866, block: {id: a, ranges: [754432725+2 754432730, 754433001+90]}}",
        ]
        .iter()
        .map(|yaml| block(yaml).unwrap_or_else(|fault| panic!("{yaml}: {fault} ({:?})", fault.hint)))
        .collect()
    }

    #[test]
    fn a_number_leads_back_to_its_place() {
        for block in blocks() {
            for place in [0, 1, block.size() / 3, block.size() - 1] {
                let number = block.number(place);
                assert_eq!(block.place_of(&number), Some(place), "{number}");
                assert_eq!(block.place_of(&number.to_lowercase()), Some(place), "{number}");
            }
        }
    }

    #[test]
    fn numbers_take_their_carriers_form() {
        let numbers: Vec<String> = blocks().iter().map(|block| block.number(0)).collect();

        assert_eq!(numbers[0], "YT0000000000000");
        assert_eq!(numbers[1], "73000000000077");
        assert_eq!(numbers[2], "RB123456785GB");
        assert_eq!(numbers[7], "3318810003");
        assert_eq!(numbers[10], "008182709980000020033350276C");
        assert_eq!(numbers[11], "ASN-95");
        assert_eq!(numbers[12], "P000095");
    }

    #[test]
    fn a_wrong_check_digit_is_no_number_of_the_block() {
        let block = &blocks()[2];

        assert_eq!(block.place_of("RB123456785GB"), Some(0));
        assert_eq!(block.place_of("RB123456786GB"), None);
        assert_eq!(block.place_of("RB123456785US"), None);
        assert_eq!(block.place_of("RB023456785GB"), None);
    }

    #[test]
    fn the_share_of_a_mask_is_what_counting_gives() {
        for block in blocks().iter().filter(|block| block.size() <= 2000) {
            let number: Vec<char> = block.number(42).chars().collect();
            let length = number.len();
            let masks = [
                number.iter().map(|&c| Some(c)).collect::<Vec<_>>(),
                number.iter().enumerate().map(|(i, &c)| (i + 2 < length).then_some(c)).collect(),
                number.iter().enumerate().map(|(i, &c)| (i + 3 >= length).then_some(c)).collect(),
                vec![None; length],
            ];
            for mask in masks {
                let fits = |text: &str| {
                    text.chars().count() == length
                        && text.chars().zip(&mask).all(|(c, slot)| slot.is_none_or(|s| s == c))
                };
                let counted = (0..block.size()).filter(|&place| fits(&block.number(place))).count();
                let share = block.share(block.form(), &mask);
                assert!((share - counted as f64 / block.size() as f64).abs() < 1e-12, "{number:?} {mask:?}");
            }
        }
    }

    #[test]
    fn impossible_blocks_are_refused() {
        let message = |yaml: &str| block(yaml).expect_err("impossible").what;

        assert_eq!(message("{form: ytoo, block: {id: a, size: 1}}"), "unknown form \"ytoo\"");
        assert_eq!(
            message("{form: yto, prefix: ZT, block: {id: a, size: 1}}"),
            "a yto number starts with YT, not \"ZT\""
        );
        assert_eq!(message("{form: zto, block: {id: a, size: 1}}"), "a zto number needs a prefix");
        assert_eq!(message("{form: s10, prefix: RB, block: {id: a, size: 1}}"), "the suffix (a country) is missing");
        assert_eq!(
            message("{form: yto, prefix: YT000000000, block: {id: a, size: 10001}}"),
            "4 digits do not hold 10001 serials from 0"
        );
        let ranges = |text: &str| message(&format!("{{form: yto, block: {{id: a, ranges: [{text}]}}}}"));
        assert_eq!(ranges("9+2 10+1"), "the range \"10+1\" is empty, too large, or not behind the last");
        assert!(ranges("9+").starts_with("expected ranges"));
        assert_eq!(message("{form: dpd-28, block: {id: a, size: 1}}"), "\"\" leaves 27 digits for the serial");
        assert_eq!(
            message("{form: s10, prefix: R1, suffix: GB, block: {id: a, size: 1}}"),
            "the prefix \"R1\" does not suit the form s10"
        );
        assert!(message("{form: yto, block: {id: a, size: 0}}").starts_with("expected a whole number from 1"));
    }

    proptest! {
        #[test]
        fn every_place_has_one_number_and_every_number_one_place(place in 0u64..1_000_000_000, other in 0u64..1_000_000_000) {
            let block = block("{form: usps-impb, prefix: '940001000000', block: {id: a, size: 1000000000}}").expect("a block");

            prop_assert_eq!(block.place_of(&block.number(place)), Some(place));
            prop_assert_eq!(block.number(place) == block.number(other), place == other);
        }

        #[test]
        fn no_other_text_is_a_number_of_the_block(text in "[0-9A-Z]{0,16}|YT0000[0-9]{8,10}") {
            let block = block("{form: yto, prefix: YT0000, block: {id: a, start: 5, size: 1000}}").expect("a block");

            if let Some(place) = block.place_of(&text) {
                prop_assert_eq!(block.number(place), text);
            }
        }
    }
}
