//! Which calls say anything new.
//!
//! Most calls of a year repeat what was asked before: the same line, the same
//! name on it. Such a question is answered for certain and moves nothing. A
//! process is run over the calls that are the first about some subject, for
//! sources that start when it does, and over those that may always say more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::persona::{PersonaPattern, Role};

use super::evidence::{Call, HeardOn, Question};
use super::firsts::Firsts;

/// The calls of an epoch by what they are about.
#[derive(Clone, Debug, Default)]
pub(super) struct Topics {
    subjects: Vec<Firsts>,
    /// Places of calls that may say something new at any time.
    always: Vec<u32>,
}

/// What a question is about; two with the same subject have one answer.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'c> {
    Line(u32),
    Set(&'c [u32]),
    Name(&'c [(u32, Option<Role>)], &'c PersonaPattern),
}

impl Topics {
    /// Sorts `calls` by subject.
    pub(super) fn new(calls: &[Call]) -> Self {
        let (mut subjects, mut always) = (BTreeMap::<Subject<'_>, Firsts>::new(), Vec::new());
        for (call, place) in calls.iter().zip(0u32..) {
            for question in call.questions() {
                let subject = match question {
                    Question::Line(line) => Subject::Line(line),
                    Question::Set(set) => Subject::Set(set),
                    Question::Name(lines, pattern) => Subject::Name(lines, pattern),
                    // A region is asked once the gate is open, a number's chance
                    // depends on when it was decided, a slot on what was said.
                    Question::Region(_) | Question::Number(_) | Question::Shared(_) => {
                        always.push(place);
                        continue;
                    }
                };
                subjects.entry(subject).or_default().add(place, call.at);
            }
        }
        always.dedup();
        Self { subjects: subjects.into_values().collect(), always }
    }

    /// Places of the calls that a source starting at `start` must be asked
    /// about, rising. Some of them may be dated before it.
    pub(super) fn from(&self, start: Timestamp) -> Vec<u32> {
        let firsts = self.subjects.iter().filter_map(|firsts| firsts.from(start));
        let mut places: Vec<u32> = firsts.chain(self.always.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl HeardOn {
    /// The lines, where it is about any.
    pub(super) fn lines(&self) -> &[(u32, Option<Role>)] {
        match self {
            Self::Lines(lines) => lines,
            Self::Anybody => &[],
        }
    }
}
