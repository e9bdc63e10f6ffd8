//! Formats: what the bytes of a feed mean.
//!
//! A format is either a *stream* of records that the framer cuts (delimited
//! files, lines, paragraphs), which can be read on from any record, or a
//! *document* that has to be read as a whole (JSON with an envelope, a text file
//! that is one report).

mod access;
mod asterisk;
mod freeswitch;
mod json;
mod table;
mod twilio;

use std::borrow::Cow;

use super::config::{FeedConfig, FormatConfig, Preset, SourceConfig, TextUnit};
use super::encoding::{self, Decoder};
use super::frame::Framing;
use super::times::Times;
use crate::fault::Fault;
use crate::observation::{Kind, Observation};
use access::AccessLog;
use json::Paths;
use table::Table;

/// A record that gave nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// This record is wrong; the next may be right.
    Record(Fault),
    /// It shows that the document is of another format.
    Document(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Record(fault)
    }
}

/// A record of a document that is read as a whole.
pub(super) struct Piece<'a> {
    /// Its bytes, or a canonical form where it lies inside an envelope.
    pub raw: Cow<'a, [u8]>,
    /// Where it begins, if known.
    pub byte: Option<u64>,
    /// What it says.
    pub seen: Result<Vec<Observation>, Fault>,
}

/// A format, ready to read.
pub(super) struct Format {
    decoder: Decoder,
    body: Body,
    needs_header: bool,
}

enum Body {
    Table(Box<Table>),
    Access(AccessLog),
    Text { kind: Kind, unit: TextUnit },
    Json { reader: JsonReader, lines: bool, records: Option<String> },
}

enum JsonReader {
    Paths(Paths),
    Freeswitch { kind: Kind, times: Times },
    Twilio { kind: Kind, times: Times },
}

impl Format {
    /// Builds the format of a feed.
    pub(super) fn new(config: &FeedConfig) -> Result<Self, Fault> {
        let format = &config.format;
        let times = Times::new(config.time_zone.as_deref(), &format.times)?;
        refuse_unused(format)?;
        if writes_local_times(format.preset) && !times.has_zone() {
            return Err(Fault::new("expected a time zone: this format writes local times without one")
                .at_field("time_zone")
                .hint("add the zone of the machine that writes them, such as time_zone: Asia/Shanghai"));
        }
        let lines = matches!(config.source, SourceConfig::File(_));
        let kind = |default| format.kind.unwrap_or(default);
        let json = |reader, lines, records| Body::Json { reader, lines, records };
        let body = match format.preset {
            Preset::Text => Body::Text { kind: kind(Kind::Report), unit: format.unit },
            Preset::AccessLog => Body::Access(AccessLog::new(format, times)?),
            Preset::Json | Preset::Jsonl => {
                let lines = format.preset == Preset::Jsonl;
                json(JsonReader::Paths(Paths::new(format, times)?), lines, format.records.clone())
            }
            Preset::FreeswitchJson => json(JsonReader::Freeswitch { kind: kind(Kind::Call), times }, lines, None),
            Preset::TwilioCalls => {
                json(JsonReader::Twilio { kind: kind(Kind::Call), times }, false, Some("calls".to_owned()))
            }
            _ => Body::Table(Box::new(Table::new(format, times)?)),
        };
        let needs_header = matches!(&body, Body::Table(table) if table.has_header());
        Ok(Self { decoder: Decoder::new(format.encoding), body, needs_header })
    }

    /// How records are cut; `None` if the document is read as a whole.
    pub(super) fn framing(&self) -> Option<Framing> {
        match &self.body {
            Body::Table(table) => Some(table.framing()),
            Body::Access(_) | Body::Json { lines: true, .. } => Some(Framing::Line),
            Body::Text { unit: TextUnit::Line, .. } => Some(Framing::Line),
            Body::Text { unit: TextUnit::Paragraph, .. } => Some(Framing::Paragraph),
            Body::Text { unit: TextUnit::File, .. } | Body::Json { lines: false, .. } => None,
        }
    }

    /// Whether the document can be read record by record.
    pub(super) fn is_stream(&self) -> bool {
        self.framing().is_some()
    }

    /// Whether the first record of a document names its columns.
    pub(super) fn has_header(&self) -> bool {
        self.needs_header
    }

    /// Takes the names of the columns.
    pub(super) fn read_header(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Body::Table(table) = &mut self.body else { return Ok(()) };
        self.decoder.learn(bytes);
        let text = self.decoder.decode(bytes).map_err(Fault::new)?;
        table.read_header(&text)
    }

    /// Reads one record of a stream; pushes nothing if it is no observation on
    /// purpose.
    pub(super) fn read_record(&mut self, bytes: &[u8], out: &mut Vec<Observation>) -> Result<(), Trouble> {
        if let Some(at) = memchr::memchr(0, bytes) {
            return Err(Fault::new(format!("expected text, found a NUL byte, {at} bytes into the record")).into());
        }
        let text = self.decoder.decode(bytes).map_err(Fault::new)?;
        match &mut self.body {
            Body::Table(table) => table.read(&text, out)?,
            Body::Access(log) => log.read(&text, out)?,
            Body::Text { kind, .. } => out.push(report(*kind, &text)),
            Body::Json { reader, .. } => out.extend(reader.read(&json::parse(&text)?)?),
        }
        for seen in out {
            seen.raw = bytes.to_vec();
        }
        Ok(())
    }

    /// Reads a document as a whole and hands over its records.
    pub(super) fn read_document(
        &self,
        bytes: &[u8],
        each: &mut dyn FnMut(Piece<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let text = self.decoder.decode(encoding::without_mark(bytes)).map_err(Fault::new)?;
        match &self.body {
            Body::Text { kind, .. } if !text.trim().is_empty() => {
                let mut seen = report(*kind, &text);
                seen.raw = bytes.to_vec();
                each(Piece { raw: Cow::Borrowed(bytes), byte: Some(0), seen: Ok(vec![seen]) })
            }
            Body::Json { reader, records: Some(path), .. } => json::enveloped(&text, path, reader, each),
            Body::Json { reader, records: None, .. } => json::objects(&text, reader, each),
            _ => Ok(()),
        }
    }
}

impl JsonReader {
    /// Reads one record; nothing if it is no observation on purpose.
    fn read(&self, record: &serde_json::Value) -> Result<Option<Observation>, Fault> {
        match self {
            Self::Paths(paths) => paths.read(record).map(Some),
            Self::Freeswitch { kind, times } => freeswitch::read(*kind, times, record).map(Some),
            Self::Twilio { kind, times } => twilio::read(*kind, times, record),
        }
    }
}

/// A report of nothing but text: it has no time of its own.
fn report(kind: Kind, text: &str) -> Observation {
    let mut seen = Observation::new(kind, Vec::new());
    seen.text = Some(text.trim().to_owned());
    seen
}

fn writes_local_times(preset: Preset) -> bool {
    matches!(
        preset,
        Preset::AsteriskCdrCsv | Preset::AsteriskCdrCustom | Preset::Freepbx | Preset::FreeswitchCsv | Preset::Tickets
    )
}

/// A setting that the preset does not look at is a mistake, not a wish.
fn refuse_unused(format: &FormatConfig) -> Result<(), Fault> {
    use Preset::{AccessLog, Csv, Freepbx, FreeswitchJson, Json, Jsonl, Text, Tickets, TwilioCalls};
    let is = |presets: &[Preset]| presets.contains(&format.preset);
    let tables = !is(&[AccessLog, FreeswitchJson, Json, Jsonl, Text, TwilioCalls]);
    let wrong = [
        ("format.delimiter", format.delimiter.is_some() && !is(&[Csv, Freepbx, Tickets])),
        ("format.header", format.header.is_some() && !is(&[Csv])),
        ("format.columns", !format.columns.is_empty() && !tables && !is(&[Json, Jsonl])),
        ("format.records", format.records.is_some() && !is(&[Json])),
        ("format.unit", format.unit != TextUnit::Line && !is(&[Text])),
        ("format.parameters", !format.parameters.is_empty() && !is(&[AccessLog])),
        ("format.paths", !format.paths.is_empty() && !is(&[AccessLog])),
        ("format.exclude_agents", !format.exclude_agents.is_empty() && !is(&[AccessLog])),
        ("format.exclude_addresses", !format.exclude_addresses.is_empty() && !is(&[AccessLog])),
        ("format.times", !format.times.is_empty() && is(&[Text])),
    ];
    match wrong.iter().find(|(_, wrong)| *wrong) {
        Some((field, _)) => Err(Fault::new("this preset does not use the setting").at_field(*field)),
        None => Ok(()),
    }
}
