//! What a matcher may know of the templates in use: the reserved waybill
//! blocks, and the words for people and places. Nothing of it depends on who
//! planted what, which keeps matching blind.

use crate::persona::Lexicon;
use crate::record::WaybillBlock;
use crate::template::Template;

/// The words and numbers of some templates.
pub struct Vocabulary<'a> {
    /// Reserved blocks, each once.
    pub blocks: Vec<&'a dyn WaybillBlock>,
    /// Words, each set once.
    pub lexicons: Vec<Lexicon>,
}

impl<'a> Vocabulary<'a> {
    /// Gathers what `templates` bring.
    pub fn of(templates: &'a [Template]) -> Self {
        let (mut blocks, mut lexicons): (Vec<&dyn WaybillBlock>, Vec<Lexicon>) = (Vec::new(), Vec::new());
        for template in templates {
            if let Some(block) = template.block().filter(|block| blocks.iter().all(|have| have.id() != block.id())) {
                blocks.push(block);
            }
            let lexicon = template.lexicon();
            if !lexicons.contains(&lexicon) {
                lexicons.push(lexicon);
            }
        }
        Self { blocks, lexicons }
    }
}
