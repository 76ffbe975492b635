//! Bodies: compiled to stretches of text and holes, written once a request.

use std::io::Write as _;

use flate2::Compression as Level;
use flate2::write::{GzEncoder, ZlibEncoder};
use onrush_plan::{Body, BulkForm, Compression, FormPart, Json, PartContent, RequestStep};

use crate::compile::Compiler;
use crate::filled::Filled;
use crate::formula::Formula;
use crate::hole::{Hole, LONGEST, TOO_LARGE};
use crate::mind::Mind;
use crate::script::ScriptError;
use crate::text::{Piece, Text};
use crate::trouble::{Trouble, TroubleKind};
use crate::user::User;
use crate::value::{Escape, write_json, write_text};

/// A compiled body.
#[derive(Debug)]
pub(crate) enum BodyPlan {
    /// Nothing.
    None,
    /// The same for all, compressed already.
    Fixed(Vec<u8>),
    /// Stretches with holes.
    Holes(Vec<Stretch>, Option<Compression>),
    /// A multipart form, with a boundary for each request.
    Multipart(Vec<Field>, Option<Compression>),
    /// Records.
    Bulk(Box<Records>, Option<Compression>),
}

/// A stretch of a body.
#[derive(Debug)]
pub(crate) enum Stretch {
    /// As it is.
    Fixed(Vec<u8>),
    /// A hole whose value stands as text among others.
    Text(Box<Hole>, Escape),
    /// A hole whose value stands as JSON of its kind.
    Json(Box<Hole>),
}

/// A part of a multipart form.
#[derive(Debug)]
pub(crate) struct Field {
    head: String,
    content: Vec<Stretch>,
}

/// Records of a bulk body.
#[derive(Debug)]
pub(crate) struct Records {
    count: Formula,
    record: Vec<Stretch>,
    draws: Vec<usize>,
    form: BulkForm,
    around: (Text, Text),
}

/// Collects stretches, neighbouring fixed ones made one.
#[derive(Default)]
struct Stretches(Vec<Stretch>);

impl BodyPlan {
    pub(crate) fn new(step: &RequestStep, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        let mut stretches = Stretches::default();
        match &step.body {
            Body::None => return Ok(Self::None),
            Body::Bytes(bytes) => stretches.fixed(bytes),
            Body::Text { text, .. } => stretches.text(Text::new(text, compiler)?, Escape::None, false),
            Body::Json(json) => stretches.json(json, compiler)?,
            Body::Form(fields) => {
                for (place, (name, value)) in fields.iter().enumerate() {
                    stretches.fixed(if place == 0 { b"" } else { b"&" });
                    stretches.escaped(name, Escape::Form);
                    stretches.fixed(b"=");
                    stretches.text(Text::new(value, compiler)?, Escape::Form, true);
                }
            }
            Body::Multipart(parts) => {
                let fields = parts.iter().map(|part| Field::new(part, compiler)).collect::<Result<_, _>>()?;
                return Ok(Self::Multipart(fields, step.compression));
            }
            Body::Bulk(bulk) => {
                let mut record = Stretches::default();
                record.json(&bulk.record, compiler)?;
                let around = (Text::new(&bulk.around.0, compiler)?, Text::new(&bulk.around.1, compiler)?);
                if let Some(missing) = bulk.draws.iter().find(|feeder| **feeder >= compiler.play.feeders.len()) {
                    return Err(ScriptError::NoSuchFeeder(*missing));
                }
                let count = compiler.formula(&bulk.records)?;
                let records = Records { count, record: record.0, draws: bulk.draws.clone(), form: bulk.form, around };
                return Ok(Self::Bulk(Box::new(records), step.compression));
            }
        }
        Ok(match stretches.0.as_slice() {
            [] => Self::Fixed(compressed(Vec::new(), step.compression)),
            [Stretch::Fixed(bytes)] => Self::Fixed(compressed(bytes.clone(), step.compression)),
            _ => Self::Holes(stretches.0, step.compression),
        })
    }

    pub(crate) fn write(&self, user: &mut User, filled: &mut Filled) -> Result<(), Trouble> {
        let compression = match self {
            Self::None | Self::Fixed(_) => return Ok(()),
            Self::Holes(stretches, compression) => {
                write_stretches(stretches, &mut user.mind, &mut filled.body)?;
                compression
            }
            Self::Multipart(fields, compression) => {
                write_multipart(fields, &filled.boundary, &mut user.mind, &mut filled.body)?;
                compression
            }
            Self::Bulk(records, compression) => {
                filled.records = records.write(user, &mut filled.body)?;
                compression
            }
        };
        if compression.is_some() {
            filled.body = compressed(std::mem::take(&mut filled.body), *compression);
        }
        Ok(())
    }
}

impl Stretches {
    fn fixed(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Stretch::Fixed(before)) => before.extend_from_slice(bytes),
            _ => self.0.push(Stretch::Fixed(bytes.to_vec())),
        }
    }

    fn escaped(&mut self, text: &str, escape: Escape) {
        let mut bytes = Vec::new();
        write_text(text, escape, &mut bytes);
        self.fixed(&bytes);
    }

    /// Text with holes; `is_escaped`: its own text is escaped, too.
    fn text(&mut self, text: Text, escape: Escape, is_escaped: bool) {
        for piece in text.into_pieces() {
            match piece {
                Piece::Fixed(text) => self.escaped(&text, if is_escaped { escape } else { Escape::None }),
                Piece::Hole(hole) => self.0.push(Stretch::Text(hole, escape)),
            }
        }
    }

    fn json(&mut self, json: &Json, compiler: &Compiler<'_>) -> Result<(), ScriptError> {
        match json {
            Json::Null => self.fixed(b"null"),
            Json::Bool(is) => self.fixed(if *is { b"true" } else { b"false" }),
            Json::Int(number) => self.fixed(number.to_string().as_bytes()),
            // JSON has no infinities: serde_json writes null for these.
            Json::Float(number) => self.fixed(serde_json::Value::from(*number).to_string().as_bytes()),
            Json::Text(template) => self.json_text(template, true, compiler)?,
            Json::List(entries) => {
                self.fixed(b"[");
                for (place, entry) in entries.iter().enumerate() {
                    self.fixed(if place == 0 { b"" } else { b"," });
                    self.json(entry, compiler)?;
                }
                self.fixed(b"]");
            }
            Json::Object(entries) => {
                self.fixed(b"{");
                for (place, (name, value)) in entries.iter().enumerate() {
                    self.fixed(if place == 0 { b"" } else { b"," });
                    self.json_text(name, false, compiler)?;
                    self.fixed(b":");
                    self.json(value, compiler)?;
                }
                self.fixed(b"}");
            }
        }
        Ok(())
    }

    fn json_text(
        &mut self,
        template: &onrush_plan::Template,
        may_be_any_kind: bool,
        compiler: &Compiler<'_>,
    ) -> Result<(), ScriptError> {
        let text = Text::new(template, compiler)?;
        if may_be_any_kind && text.hole().is_some() {
            let holes = text.into_pieces().into_iter().filter_map(|piece| match piece {
                Piece::Hole(hole) => Some(Stretch::Json(hole)),
                Piece::Fixed(_) => None,
            });
            self.0.extend(holes);
            return Ok(());
        }
        self.fixed(b"\"");
        self.text(text, Escape::Json, true);
        self.fixed(b"\"");
        Ok(())
    }
}

impl Field {
    fn new(part: &FormPart, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&part.name));
        let mut content = Stretches::default();
        let implied = match &part.content {
            PartContent::Text(template) => {
                content.text(Text::new(template, compiler)?, Escape::None, false);
                None
            }
            PartContent::File(name, bytes) => {
                head.extend(["; filename=\"", &quoted(name), "\""]);
                content.fixed(bytes);
                Some("application/octet-stream")
            }
        };
        if let Some(kind) = part.content_type.as_deref().or(implied) {
            head.extend(["\r\nContent-Type: ", &kind.replace(['\r', '\n'], " ")]);
        }
        head.push_str("\r\n\r\n");
        Ok(Self { head, content: content.0 })
    }
}

/// As browsers do it (HTML, "multipart form data").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl Records {
    fn write(&self, user: &mut User, out: &mut Vec<u8>) -> Result<u64, Trouble> {
        let count = user.times(&self.count)?;
        self.around.0.write(&mut user.mind, Escape::None, out)?;
        let (open, between, close): (&[u8], &[u8], &[u8]) = match self.form {
            BulkForm::Array => (b"[", b",", b"]"),
            BulkForm::Lines => (b"", b"", b""),
        };
        out.extend_from_slice(open);
        for record in 0..count {
            out.extend_from_slice(if record == 0 { b"" } else { between });
            user.mind.record = record as u32;
            self.draws.iter().try_for_each(|feeder| user.draw_row(*feeder))?;
            write_stretches(&self.record, &mut user.mind, out)?;
            if self.form == BulkForm::Lines {
                out.push(b'\n');
            }
            if out.len() > LONGEST {
                return Err(Trouble::new(TroubleKind::TooLarge, self.count.place(), TOO_LARGE));
            }
        }
        out.extend_from_slice(close);
        user.mind.record = 0;
        self.around.1.write(&mut user.mind, Escape::None, out)?;
        Ok(count)
    }
}

fn write_stretches(stretches: &[Stretch], mind: &mut Mind, out: &mut Vec<u8>) -> Result<(), Trouble> {
    for stretch in stretches {
        match stretch {
            Stretch::Fixed(bytes) => out.extend_from_slice(bytes),
            Stretch::Text(hole, escape) => hole.write(mind, *escape, out)?,
            Stretch::Json(hole) => {
                write_json(&hole.value(mind)?, out);
                if out.len() > LONGEST {
                    return Err(hole.too_large());
                }
            }
        }
    }
    Ok(())
}

fn write_multipart(fields: &[Field], boundary: &str, mind: &mut Mind, out: &mut Vec<u8>) -> Result<(), Trouble> {
    for field in fields {
        let _ = write!(out, "--{boundary}\r\n{}", field.head);
        write_stretches(&field.content, mind, out)?;
        out.extend_from_slice(b"\r\n");
    }
    let _ = write!(out, "--{boundary}--\r\n");
    Ok(())
}

/// Writing into memory does not fail.
fn compressed(bytes: Vec<u8>, compression: Option<Compression>) -> Vec<u8> {
    let level = Level::default();
    let written = match compression {
        None => return bytes,
        Some(Compression::Gzip) => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(&bytes).and_then(|()| encoder.finish())
        }
        Some(Compression::Deflate) => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(&bytes).and_then(|()| encoder.finish())
        }
    };
    written.unwrap_or(bytes)
}
