//! A compressed file: all its members, one after the other.
//!
//! `cat a.gz b.gz` is a gzip file, and so it is for zstd, bzip2 and xz. Zeros
//! behind the last member are the padding of tapes and of xz; anything else
//! there would go unread, so a fault says so.

use super::codec::{self, Codec, Decoder};
use super::defect;
use super::metered::Layer;
use super::source::Source;
use crate::fault::Fault;
use std::io::{self, BufRead, Read};

const MAGIC_BYTES: usize = 10;
/// A member of 14 bytes that unpacks to nothing keeps a bzip2 decoder busy for 40 microseconds.
const MAX_EMPTY_MEMBERS: u32 = 10_000;

pub(super) struct Squeezed<'a, R: Read> {
    codec: Codec,
    name: &'a str,
    /// None once the end was met.
    decoder: Option<Decoder<R>>,
    packed: u64,
    is_empty_member: bool,
    empty_members: u32,
}

impl<'a, R: Read> Squeezed<'a, R> {
    pub(super) fn new(codec: Codec, source: Source<R>, name: &'a str) -> io::Result<Self> {
        let decoder = Some(Decoder::new(codec, source)?);
        Ok(Self { codec, name, decoder, packed: 0, is_empty_member: true, empty_members: 0 })
    }

    /// Behind a member: opens the next one, unless that was the last.
    fn next_member(&mut self, mut source: Source<R>) -> io::Result<()> {
        skip_zeros(&mut source)?;
        self.packed = source.position();
        let head = source.peek(MAGIC_BYTES);
        if head.is_empty() {
            // the end, or a failure while looking ahead, which is due now
            return source.fill_buf().map(|_| ());
        }
        let word = self.codec.word();
        if !self.codec.begins(head) {
            return Err(self.fail(format!("the {word} data is followed by something else, which is not read")));
        }
        self.empty_members += u32::from(std::mem::replace(&mut self.is_empty_member, true));
        if self.empty_members > MAX_EMPTY_MEMBERS {
            let what = format!("the {word} data has more than {MAX_EMPTY_MEMBERS} empty members: the rest is not read");
            return Err(self.fail(what));
        }
        self.decoder = Some(Decoder::new(self.codec, source)?);
        Ok(())
    }

    fn fail(&self, what: String) -> io::Error {
        defect::failure(Fault::new(what).in_file(self.name).at_byte(self.packed))
    }
}

impl<R: Read> Read for Squeezed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(into);
            self.packed = decoder.source().position();
            match read {
                Ok(0) if !into.is_empty() => {
                    if let Some(decoder) = self.decoder.take() {
                        self.next_member(decoder.into_source())?;
                    }
                }
                Ok(bytes) => {
                    self.is_empty_member &= bytes == 0;
                    return Ok(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(codec::word(error, self.codec, self.name, self.packed)),
            }
        }
        Ok(0)
    }
}

impl<R: Read> Layer for Squeezed<'_, R> {
    fn packed_bytes(&self) -> u64 {
        self.packed
    }
}

fn skip_zeros(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = source.fill_buf()?;
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        let all = zeros == buffer.len();
        source.consume(zeros);
        if !all || zeros == 0 {
            return Ok(());
        }
    }
}
