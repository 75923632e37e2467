//! `signet user import`

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{print_json, printable, say};
use crate::config::Settings;
use crate::flows::admin::{Importer, Outcome, Purpose};
use signet_protocol::account::import_row::{ImportRow, RoleMap, check_member, of_cells};
use signet_protocol::jose::jws::strict_object;

/// The number of rows in a transaction.
const BATCH: usize = 1_000;
/// The maximum length of a line of NDJSON, in bytes.
const MAX_LINE: u64 = 64 * 1024;

#[derive(Args)]
pub struct Import {
    /// The file with one person a row
    file: PathBuf,
    /// The format; by default the file's extension says it
    #[arg(long)]
    format: Option<Format>,
    /// The name of the other system; ids are unique within it
    #[arg(long, default_value = "import", value_name = "NAME")]
    source: String,
    /// Give a role of this server to those who have one of the other system (repeatable); other roles are dropped
    #[arg(long, value_name = "OLD=NEW")]
    role: Vec<String>,
    /// Check the file and say what would happen; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print a report with every row as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header
    Csv,
    /// A JSON object a line
    Ndjson,
}

/// A row of the report.
#[derive(Debug, Serialize)]
struct Line {
    /// The number of the line in the file, from 1.
    line: u64,
    external_id: Option<String>,
    #[serde(flatten)]
    outcome: Outcome,
    must_reset: bool,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    /// The created people who have to reset their password.
    must_reset: u64,
    /// The roles without a mapping.
    roles_dropped: usize,
}

#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    source: String,
    totals: Totals,
    rows: Vec<Line>,
}

/// A row as read, with its line.
type Read = (u64, Result<Map<String, Value>, String>);

impl Import {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let map = self.role_map()?;
        let named = self.source.trim() == self.source && (1..=50).contains(&self.source.len());
        ensure!(named && !self.source.contains(char::is_control), "--source: a name of 1 to 50 characters");
        let passwords = app::open_passwords(settings)?;
        let purpose = if self.dry_run { Purpose::Trial } else { Purpose::Import };
        let operator = context.operator();
        let mut importer = operator.people().importer(&passwords, &self.source, purpose);
        let mut report =
            Report { dry_run: self.dry_run, source: self.source.clone(), totals: Totals::default(), rows: Vec::new() };
        let mut rows = self.rows()?;
        loop {
            let batch: Vec<Read> = rows.by_ref().take(BATCH).collect::<anyhow::Result<_>>()?;
            if batch.is_empty() {
                break;
            }
            report.import(&mut importer, batch, &map).await?;
        }
        self.answer(&report)
    }

    fn role_map(&self) -> anyhow::Result<RoleMap> {
        let mut map = BTreeMap::new();
        for pair in &self.role {
            let (old, new) = pair.split_once('=').with_context(|| format!("--role: {pair:?} is not OLD=NEW"))?;
            ensure!(!old.is_empty() && !new.is_empty(), "--role: {pair:?} is not OLD=NEW");
            map.insert(old.to_owned(), new.to_owned());
        }
        Ok(map)
    }

    fn rows(&self) -> anyhow::Result<Box<dyn Iterator<Item = anyhow::Result<Read>>>> {
        let shown = self.file.display();
        let file = File::open(&self.file).with_context(|| format!("cannot read {shown}"))?;
        let format = match self.format {
            Some(format) => format,
            None => of_extension(&self.file).with_context(|| format!("{shown}: say --format csv or ndjson"))?,
        };
        match format {
            Format::Csv => csv_rows(file).with_context(|| shown.to_string()),
            Format::Ndjson => Ok(Box::new(ndjson_rows(BufReader::new(file)))),
        }
    }

    fn answer(&self, report: &Report) -> anyhow::Result<()> {
        let Totals { created, updated, unchanged, refused, must_reset, roles_dropped } = &report.totals;
        if self.json {
            print_json(report)?;
        } else {
            report.rows.iter().filter_map(Line::shown).for_each(|line| say(&line));
            let would = if self.dry_run { "Nothing was written. " } else { "" };
            say(&format!(
                "{would}Created: {created}, updated: {updated}, unchanged: {unchanged}, refused: {refused}; must reset \
                 the password: {must_reset}, roles dropped: {roles_dropped}."
            ));
        }
        if *refused > 0 {
            bail!("{refused} of {} rows were refused", report.rows.len());
        }
        Ok(())
    }
}

impl Report {
    async fn import(&mut self, importer: &mut Importer<'_>, batch: Vec<Read>, map: &RoleMap) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        let mut rows = Vec::new();
        for (line, read) in batch {
            let parsed = read.and_then(|members| ImportRow::parse(members, map).map_err(|error| error.to_string()));
            match parsed {
                Ok(row) => {
                    self.totals.roles_dropped += row.dropped_roles;
                    let external_id = Some(row.external_id.clone());
                    // Replaced by what becomes of the row.
                    let outcome = Outcome::Unchanged;
                    lines.push(Line { line, external_id, outcome, must_reset: row.must_reset });
                    rows.push(row);
                }
                Err(reason) => {
                    self.add(Line { line, external_id: None, outcome: Outcome::Refused(reason), must_reset: false })
                }
            }
        }
        let outcomes = importer.import(rows).await?;
        for (line, outcome) in lines.into_iter().zip(outcomes) {
            let must_reset = line.must_reset && outcome == Outcome::Created;
            self.add(Line { outcome, must_reset, ..line });
        }
        Ok(())
    }

    fn add(&mut self, line: Line) {
        let totals = &mut self.totals;
        let count = match line.outcome {
            Outcome::Created => &mut totals.created,
            Outcome::Updated => &mut totals.updated,
            Outcome::Unchanged => &mut totals.unchanged,
            Outcome::Refused(_) => &mut totals.refused,
        };
        *count += 1;
        totals.must_reset += u64::from(line.must_reset);
        self.rows.push(line);
    }
}

impl Line {
    /// The sentence about a row that needs attention.
    fn shown(&self) -> Option<String> {
        let id = self.external_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        let what = match &self.outcome {
            Outcome::Refused(reason) => format!("refused: {reason}"),
            _ if self.must_reset => "must reset the password".to_owned(),
            Outcome::Created | Outcome::Updated | Outcome::Unchanged => return None,
        };
        Some(printable(&format!("line {}{id}: {what}", self.line)))
    }
}

fn of_extension(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        _ => None,
    }
}

/// The rows of a CSV file (RFC 4180) whose header names the members.
fn csv_rows(file: File) -> anyhow::Result<Box<dyn Iterator<Item = anyhow::Result<Read>>>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(file));
    let header = reader.headers()?.clone();
    let names: Vec<String> = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    for name in &names {
        check_member(name)?;
    }
    ensure!(names.iter().any(|name| name == "external_id"), "the header has no external_id");
    let rows = reader.into_records().map(move |record| {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != names.len() {
            return Ok((line, Err(format!("the row has {} cells, the header {}", record.len(), names.len()))));
        }
        let cells = names.iter().map(String::as_str).zip(&record);
        Ok((line, Ok(of_cells(cells))))
    });
    Ok(Box::new(rows))
}

/// The rows of a file with a JSON object a line. Empty lines are skipped.
fn ndjson_rows(mut reader: BufReader<File>) -> impl Iterator<Item = anyhow::Result<Read>> {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            let mut text = Vec::new();
            line += 1;
            match reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut text) {
                Err(error) => return Some(Err(error.into())),
                Ok(0) => return None,
                Ok(_) if text.len() as u64 == MAX_LINE => {
                    return Some(Err(anyhow::anyhow!("line {line} is longer than 64 KB")));
                }
                Ok(_) if text.trim_ascii().is_empty() => {}
                Ok(_) => {
                    let object = strict_object(text.trim_ascii());
                    return Some(Ok((line, object.ok_or_else(|| "not a JSON object with unique members".to_owned()))));
                }
            }
        }
    })
}
