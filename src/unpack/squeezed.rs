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

pub(super) struct Squeezed<'a, R: Read> {
    codec: Codec,
    name: &'a str,
    /// None once the end was met.
    decoder: Option<Decoder<R>>,
    packed: u64,
}

impl<'a, R: Read> Squeezed<'a, R> {
    pub(super) fn new(codec: Codec, source: Source<R>, name: &'a str) -> io::Result<Self> {
        Ok(Self { codec, name, decoder: Some(Decoder::new(codec, source)?), packed: 0 })
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
        if !self.codec.begins(head) {
            let what = format!("the {} data is followed by something else, which is not read", self.codec.word());
            return Err(defect::failure(Fault::new(what).in_file(self.name).at_byte(self.packed)));
        }
        self.decoder = Some(Decoder::new(self.codec, source)?);
        Ok(())
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
                Ok(bytes) => return Ok(bytes),
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
