//! A buffered reader that can look ahead and knows its position.
//!
//! `BufReader` offers what one read happened to bring; telling a format apart
//! needs the first 512 bytes, however small the reads. The position, in bytes
//! consumed, is where faults are and what ratios divide by.

use std::io::{self, BufRead, Read};

const BUFFER_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    position: u64,
    /// Met while looking ahead: due once the buffer is empty.
    failure: Option<io::Error>,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, position: 0, failure: None }
    }

    /// Bytes consumed so far.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes, unconsumed; fewer than asked for before the end or a failure.
    pub(crate) fn peek(&mut self, bytes: usize) -> &[u8] {
        if self.buffer.len() - self.start < bytes {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < bytes && self.failure.is_none() {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
        &self.buffer[self.start..self.end.min(self.start + bytes)]
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.start = 0;
            self.end = 0;
            self.end = self.inner.read(&mut self.buffer)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.position += bytes as u64;
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && self.failure.is_none() && into.len() >= BUFFER_BYTES {
            let read = self.inner.read(into)?;
            self.position += read as u64;
            return Ok(read);
        }
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a read, then fails once.
    struct Drip(Vec<u8>);

    impl Read for Drip {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("cut"));
            }
            into[0] = self.0.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn looking_ahead_takes_nothing_and_a_failure_waits_for_its_turn() {
        let mut source = Source::new(Drip(b"abcdef".to_vec()));
        let mut two = [0; 2];

        assert_eq!(source.peek(4), b"abcd");
        source.read_exact(&mut two).expect("is there");
        assert_eq!((two, source.position()), (*b"ab", 2));
        assert_eq!(source.peek(100), b"cdef");
        source.read_exact(&mut [0; 4]).expect("was seen");
        assert!(source.read(&mut two).is_err());
        assert_eq!(source.position(), 6);
    }
}
