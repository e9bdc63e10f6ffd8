//! Records: a kind, a length of at most 65,535 bytes, and that many bytes.

use crate::fault::Fault;
use crate::unpack::defect;
use crate::unpack::source::Source;
use encoding_rs::Encoding;
use std::io::{self, BufRead, Read};

const HEADER_BYTES: usize = 4;

pub(super) const BOF: u16 = 0x0809;
pub(super) const EOF: u16 = 0x000a;
const CONTINUE: u16 = 0x003c;

/// How a book writes text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Excel 5 and 95: bytes in a code page.
    CodePage(&'static Encoding),
    /// Excel 97 to 2003: Unicode, where what fits in a byte each may be so written.
    Unicode,
}

/// The records of a stream, one in memory at a time.
pub(super) struct Records<R> {
    source: Source<R>,
    data: Vec<u8>,
    /// What of the data was taken.
    taken: usize,
}

impl<R: Read> Records<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { source: Source::new(inner), data: Vec::new(), taken: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.source.position()
    }

    /// Goes to the next record and returns its kind; None at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<u16>> {
        let header = self.source.peek(HEADER_BYTES);
        let Ok(header) = <[u8; HEADER_BYTES]>::try_from(header) else {
            let is_end = header.is_empty();
            // a failure while looking ahead is due now
            if let Err(error) = self.source.fill_buf() {
                return Err(self.word(error));
            }
            return if is_end { Ok(None) } else { Err(self.damaged("ends within a record")) };
        };
        self.source.consume(HEADER_BYTES);
        let [kind, bytes] = [[header[0], header[1]], [header[2], header[3]]].map(u16::from_le_bytes);
        self.taken = 0;
        self.data.clear();
        let read = self.source.by_ref().take(u64::from(bytes)).read_to_end(&mut self.data);
        read.map_err(|error| self.word(error))?;
        if self.data.len() < usize::from(bytes) {
            return Err(self.damaged("ends within a record"));
        }
        Ok(Some(kind))
    }

    /// The rest of the record.
    pub(super) fn data(&self) -> &[u8] {
        &self.data[self.taken..]
    }

    pub(super) fn u8(&mut self) -> io::Result<u8> {
        self.bytes().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> io::Result<u16> {
        self.bytes().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> io::Result<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let Some(&bytes) = self.data().first_chunk() else {
            return Err(self.damaged("has a record that is too short"));
        };
        self.taken += N;
        Ok(bytes)
    }

    /// Text of so many characters, which may go on in the records behind.
    pub(super) fn text(&mut self, chars: usize, script: Script) -> io::Result<String> {
        match script {
            Script::CodePage(encoding) => {
                let raw = self.data().get(..chars).unwrap_or(self.data());
                let text = encoding.decode_without_bom_handling(raw).0.into_owned();
                self.taken += raw.len();
                Ok(text)
            }
            Script::Unicode => {
                let is_wide = self.u8()? & 1 != 0;
                self.chars(chars, is_wide)
            }
        }
    }

    /// A text of the shared table, with what may stand around its characters.
    pub(super) fn rich_text(&mut self) -> io::Result<String> {
        const WIDE: u8 = 1;
        const PHONETIC: u8 = 4;
        const RUNS: u8 = 8;
        let chars = usize::from(self.u16()?);
        let flags = self.u8()?;
        let runs = if flags & RUNS == 0 { 0 } else { u64::from(self.u16()?) };
        let phonetic = if flags & PHONETIC == 0 { 0 } else { u64::from(self.u32()?) };
        let text = self.chars(chars, flags & WIDE != 0)?;
        self.skip(runs * 4 + phonetic)?;
        Ok(text)
    }

    /// Whether the table goes on, here or in a record behind, to which it then goes.
    pub(super) fn goes_on(&mut self) -> io::Result<bool> {
        while self.data().is_empty() {
            if !self.source.peek(2).starts_with(&CONTINUE.to_le_bytes()) {
                return Ok(false);
            }
            self.next()?;
        }
        Ok(true)
    }

    fn chars(&mut self, chars: usize, mut is_wide: bool) -> io::Result<String> {
        let mut units = Vec::new();
        while units.len() < chars {
            if self.data().is_empty() {
                if !self.goes_on()? {
                    return Err(self.damaged("has a text that is cut off"));
                }
                // each piece says anew how wide it is
                is_wide = self.u8()? & 1 != 0;
                continue;
            }
            let width = if is_wide { 2 } else { 1 };
            let piece = &self.data[self.taken..];
            let piece = &piece[..piece.len().min((chars - units.len()) * width)];
            match is_wide {
                true => units.extend(piece.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]))),
                false => units.extend(piece.iter().map(|&byte| u16::from(byte))),
            }
            self.taken += piece.len();
        }
        Ok(String::from_utf16_lossy(&units))
    }

    fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 && self.goes_on()? {
            let here = bytes.min(self.data().len() as u64);
            self.taken += here as usize;
            bytes -= here;
        }
        Ok(())
    }

    pub(super) fn damaged(&self, how: &str) -> io::Error {
        defect::failure(Fault::new(format!("the xls book {how}: not read from here on")).at_byte(self.position()))
    }

    fn word(&self, error: io::Error) -> io::Error {
        if defect::is_ours(&error) { error } else { self.damaged("is damaged") }
    }
}

/// The encoding of a code page's number; what is unknown is taken for Western.
pub(super) fn code_page(number: u16) -> &'static Encoding {
    match number {
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 | 32768 => encoding_rs::MACINTOSH,
        65001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    }
}
