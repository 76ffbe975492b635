//! A Parquet file of required columns: groups of rows with a page a column, packed with gzip, and what is where at the
//! end.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::thrift::Value::{self, Int, List, Long, Struct, Text};

const MAGIC: &[u8] = b"PAR1";
/// Numbers of the format, by their names there.
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const GZIP: i32 = 2;
const REQUIRED: i32 = 0;
const UTF8: i32 = 0;
const DATA_PAGE: i32 = 0;

/// The values of a column.
pub(super) enum Column<'a> {
    Int(Vec<u32>),
    Long(Vec<u64>),
    Text(Vec<&'a str>),
}

/// Where a page is, and how large.
struct Page {
    at: i64,
    packed: i64,
    plain: i64,
    kind: i32,
}

/// A file that is being written.
pub(super) struct File {
    to: Box<dyn Write + Send>,
    written: i64,
    groups: Vec<(i64, Vec<Page>)>,
}

impl File {
    pub(super) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, written: 0, groups: Vec::new() }
    }

    /// Writes rows: columns of the same length.
    pub(super) fn group(&mut self, columns: &[Column]) -> io::Result<()> {
        self.begin()?;
        let rows = columns.first().map_or(0, Column::len);
        let pages = columns.iter().map(|column| self.page(column)).collect::<io::Result<_>>()?;
        self.groups.push((long(rows), pages));
        self.to.flush()
    }

    /// Says what is where. Without it nothing of the file can be read.
    pub(super) fn end(&mut self, columns: &[(&str, Column)], about: &[(&str, String)], by: &str) -> io::Result<()> {
        self.begin()?;
        let footer = self.footer(columns, about, by)?.bytes();
        self.put(&footer)?;
        let length = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.to.flush()
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.written == 0 { self.put(MAGIC) } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += long(bytes.len());
        self.to.write_all(bytes)
    }

    fn page(&mut self, column: &Column) -> io::Result<Page> {
        let plain = column.plain();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&plain)?;
        let packed = packed.finish()?;
        let about = vec![(1, int(column.len())?), (2, Int(PLAIN)), (3, Int(RLE)), (4, Int(RLE))];
        let head =
            Struct(vec![(1, Int(DATA_PAGE)), (2, int(plain.len())?), (3, int(packed.len())?), (5, Struct(about))]);
        let (head, at) = (head.bytes(), self.written);
        self.put(&head)?;
        self.put(&packed)?;
        let with_head = |bytes: &[u8]| long(head.len() + bytes.len());
        Ok(Page { at, packed: with_head(&packed), plain: with_head(&plain), kind: column.kind() })
    }

    fn footer(&self, columns: &[(&str, Column)], about: &[(&str, String)], by: &str) -> io::Result<Value> {
        let root = Struct(vec![(4, Text("requests".to_owned())), (5, int(columns.len())?)]);
        let leaf = |(name, column): &(&str, Column)| {
            let mut fields = vec![(1, Int(column.kind())), (3, Int(REQUIRED)), (4, Text((*name).to_owned()))];
            if matches!(column, Column::Text(_)) {
                fields.push((6, Int(UTF8)));
            }
            Struct(fields)
        };
        let schema = std::iter::once(root).chain(columns.iter().map(leaf)).collect();
        let rows = self.groups.iter().map(|(rows, _)| rows).sum();
        let groups = self.groups.iter().map(|(rows, pages)| group(*rows, pages, columns)).collect();
        let about =
            about.iter().map(|(key, value)| Struct(vec![(1, Text((*key).to_owned())), (2, Text(value.clone()))]));
        Ok(Struct(vec![
            (1, Int(1)),
            (2, List(schema)),
            (3, Long(rows)),
            (4, List(groups)),
            (5, List(about.collect())),
            (6, Text(by.to_owned())),
        ]))
    }
}

/// A length as the format writes it.
fn int(length: usize) -> io::Result<Value> {
    i32::try_from(length).map(Int).map_err(io::Error::other)
}

fn long(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn group(rows: i64, pages: &[Page], columns: &[(&str, Column)]) -> Value {
    let chunk = |(page, (name, _)): (&Page, &(&str, Column))| {
        let about = vec![
            (1, Int(page.kind)),
            (2, List(vec![Int(PLAIN)])),
            (3, List(vec![Text((*name).to_owned())])),
            (4, Int(GZIP)),
            (5, Long(rows)),
            (6, Long(page.plain)),
            (7, Long(page.packed)),
            (9, Long(page.at)),
        ];
        Struct(vec![(2, Long(page.at)), (3, Struct(about))])
    };
    let chunks = pages.iter().zip(columns).map(chunk).collect();
    Struct(vec![(1, List(chunks)), (2, Long(pages.iter().map(|page| page.plain).sum())), (3, Long(rows))])
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Long(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// The number of its type in the format.
    fn kind(&self) -> i32 {
        match self {
            Self::Int(_) => 1,
            Self::Long(_) => 2,
            Self::Text(_) => 6,
        }
    }

    fn plain(&self) -> Vec<u8> {
        match self {
            Self::Int(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Long(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Text(values) => {
                let mut bytes = Vec::new();
                for value in values {
                    bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    bytes.extend_from_slice(value.as_bytes());
                }
                bytes
            }
        }
    }
}
