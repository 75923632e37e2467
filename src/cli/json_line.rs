//! Log format: each event is one flat JSON object with the fields of the event and its spans. Fields are serialized
//! straight into the buffer; building a `Value` per line was a hot spot.

use std::fmt::{self, Debug, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, time};
use tracing_subscriber::registry::LookupSpan;

/// Formats events as JSON from fields formatted by [`Members`].
pub struct JsonLine;

/// Formats fields as members of a JSON object, each after a comma.
pub struct Members;

impl<S> FormatEvent<S, Members> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Members>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        time().format_time(&mut line)?;
        let level = metadata.level().as_str();
        let target = metadata.target();
        for part in ["\",\"level\":\"", level, "\",\"target\":\"", target, "\""] {
            line.write_str(part)?;
        }
        if is_anything_said_twice(context, event) {
            line.write_str(&said_once(context, event)?)?;
        } else {
            Members.format_fields(line.by_ref(), event)?;
            for span in context.event_scope().into_iter().flatten() {
                if let Some(known) = span.extensions().get::<FormattedFields<Members>>() {
                    line.write_str(&known.fields)?;
                }
            }
        }
        line.write_str("}\n")
    }
}

/// Returns true if the event and its spans have a field name in common.
fn is_anything_said_twice<S>(context: &FmtContext<'_, S, Members>, event: &Event<'_>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut inner = Vec::from([event.metadata()]);
    for span in context.event_scope().into_iter().flatten() {
        if inner.iter().any(|one| shares_a_name(one, span.metadata())) {
            return true;
        }
        inner.push(span.metadata());
    }
    false
}

fn shares_a_name(one: &Metadata<'_>, other: &Metadata<'_>) -> bool {
    one.fields().iter().any(|field| other.fields().field(field.name()).is_some())
}

/// Formats the members of an event and its spans; of several with one name, the innermost.
fn said_once<S>(context: &FmtContext<'_, S, Members>, event: &Event<'_>) -> Result<String, fmt::Error>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut own = String::new();
    Members.format_fields(Writer::new(&mut own), event)?;
    let mut said = Vec::from([own]);
    for span in context.event_scope().into_iter().flatten() {
        said.extend(span.extensions().get::<FormattedFields<Members>>().map(|known| known.fields.clone()));
    }
    Ok(joined(said.iter().map(String::as_str)))
}

/// Merges members; for duplicates the first wins.
fn joined<'a>(said: impl DoubleEndedIterator<Item = &'a str>) -> String {
    let mut all = Map::new();
    for members in said.rev().filter_map(|members| members.strip_prefix(',')) {
        if let Ok(members) = serde_json::from_str::<Map<String, Value>>(&format!("{{{members}}}")) {
            all.extend(members);
        }
    }
    if all.is_empty() {
        return String::new();
    }
    let object = Value::Object(all).to_string();
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    format!(",{inner}")
}

impl<'w> FormatFields<'w> for Members {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { writer, outcome: Ok(()) };
        fields.record(&mut visitor);
        visitor.outcome
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let before = std::mem::take(&mut current.fields);
        let mut added = String::new();
        self.format_fields(Writer::new(&mut added), fields)?;
        let mut names = Names { of: &before, known: false };
        fields.record(&mut names);
        current.fields =
            if names.known { joined([added.as_str(), before.as_str()].into_iter()) } else { before + &added };
        Ok(())
    }
}

/// Returns the name of a field's member. None for the metadata of the `log` crate, which the event has already.
fn named(field: &Field) -> Option<&str> {
    let name = field.name();
    (!name.starts_with("log.")).then(|| name.strip_prefix("r#").unwrap_or(name))
}

/// Detects fields that have been written before.
struct Names<'a> {
    of: &'a str,
    known: bool,
}

impl Visit for Names<'_> {
    fn record_debug(&mut self, field: &Field, _: &dyn Debug) {
        // Cannot match within a value, where quotes are escaped.
        self.known |= named(field).is_some_and(|name| self.of.contains(&format!(",\"{name}\":")));
    }
}

/// Writes each visited field.
struct Visitor<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Visitor<'_> {
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let Some(name) = named(field).filter(|_| self.outcome.is_ok()) else { return };
        let writer = &mut self.writer;
        let parts = [",\"", name, "\":"];
        self.outcome = parts.into_iter().try_for_each(|part| writer.write_str(part)).and_then(|()| value(writer));
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |line| write!(line, "{}", Value::from(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| line.write_str(if value { "true" } else { "false" }));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |line| quoted(line, |text| text.write_str(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.member(field, |line| quoted(line, |text| write!(text, "{value:?}")));
    }
}

/// Writes a JSON string, with its text escaped.
fn quoted(line: &mut Writer<'_>, text: impl FnOnce(&mut Escaped<'_, '_>) -> fmt::Result) -> fmt::Result {
    line.write_char('"')?;
    text(&mut Escaped(line))?;
    line.write_char('"')
}

/// Escapes text within a JSON string (RFC 8259 §7).
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            let (plain, after) = rest.split_at_checked(at).ok_or(fmt::Error)?;
            self.0.write_str(plain)?;
            let mut after = after.chars();
            match after.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some('\n') => self.0.write_str("\\n")?,
                control => write!(self.0, "\\u{:04x}", control.map_or(0, u32::from))?,
            }
            rest = after.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Runs a function and returns its log lines as objects without the time. Fails for duplicate names.
    fn logged(during: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let to = lines.clone();
        let layer = tracing_subscriber::fmt::layer();
        let layer = layer.fmt_fields(Members).event_format(JsonLine).with_writer(move || to.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), during);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let read = |line: &str| {
            let mut object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_eq!(
                object.to_string().len(),
                line.len(),
                "no name stands twice, and all is written as short: {line}"
            );
            assert!(object["timestamp"].take().is_string());
            assert_eq!((&object["level"].take(), &object["target"].take()), (&json!("INFO"), &json!("t")));
            let members = object.as_object_mut().unwrap();
            members.retain(|_, value| !value.is_null());
            object
        };
        text.lines().map(read).collect()
    }

    #[test]
    fn a_line_holds_every_kind_of_value_and_no_way_out_of_a_string() {
        let hostile = "a\"b\\c\nd\u{1}e\u{e9}\u{2028}\u{1f600}";
        let lines = logged(|| {
            let whole = u64::MAX;
            let less = -1_i64;
            let part = 0.5;
            tracing::info!(target: "t", whole, less, part, yes = true, hostile, shown = %hostile, debug = ?hostile, "{hostile}");
            tracing::info!(target: "t", none = tracing::field::Empty, nan = f64::NAN, r#type = 1, "");
        });
        let debug = format!("{hostile:?}");
        let first = json!({
            "whole": u64::MAX, "less": -1, "part": 0.5, "yes": true, "hostile": hostile, "shown": hostile, "debug": debug,
            "message": hostile,
        });
        assert_eq!(lines, [first, json!({ "type": 1, "message": "" })]);
    }

    #[test]
    fn what_an_event_says_counts_more_than_what_is_known_of_its_request() {
        let lines = logged(|| {
            let span = tracing::info_span!("request", id = "r1", client = tracing::field::Empty, a = 1);
            let _entered = span.enter();
            tracing::info!(target: "t", b = 2, "before");
            span.record("client", "x, \"client\":");
            tracing::info!(target: "t", a = 3, "overlap");
            span.record("client", "y");
            let _inner = tracing::info_span!("inner", a = 4).entered();
            tracing::info!(target: "t", b = 5, "nested");
        });
        let expected = [
            json!({ "message": "before", "b": 2, "id": "r1", "a": 1 }),
            json!({ "message": "overlap", "a": 3, "id": "r1", "client": "x, \"client\":" }),
            json!({ "message": "nested", "b": 5, "id": "r1", "a": 4, "client": "y" }),
        ];
        assert_eq!(lines, expected);
    }
}
