//! A line of the log as one flat JSON object: what an event says, and what is known of the request that it belongs to.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, time};
use tracing_subscriber::registry::LookupSpan;

/// Writes lines in JSON; the fields must be formatted as JSON too.
pub struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        time().format_time(&mut line)?;
        write!(line, "\",\"level\":\"{}\",\"target\":\"{}\"", metadata.level(), metadata.target())?;
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(known) = span.extensions().get::<FormattedFields<N>>() {
                fields = both(fields, &known.fields, shares_a_name(metadata, span.metadata()));
            }
        }
        if let Some(inner) = inner(&fields) {
            write!(line, ",{inner}")?;
        }
        line.write_str("}\n")
    }
}

/// Whether an event and a span know a field of one name.
fn shares_a_name(event: &Metadata<'_>, span: &Metadata<'_>) -> bool {
    event.fields().iter().any(|field| span.fields().field(field.name()).is_some())
}

/// The fields of two objects; where both know a field, what the first says counts.
fn both(first: String, second: &str, overlap: bool) -> String {
    if overlap
        && let (Ok(first), Ok(mut all)) =
            (serde_json::from_str::<Map<String, Value>>(&first), serde_json::from_str::<Map<String, Value>>(second))
    {
        all.extend(first);
        return Value::Object(all).to_string();
    }
    match (inner(&first), inner(second)) {
        (Some(one), Some(other)) => format!("{{{one},{other}}}"),
        (None, Some(other)) => format!("{{{other}}}"),
        (_, None) => first,
    }
}

/// What stands between the braces, if anything does.
fn inner(object: &str) -> Option<&str> {
    object.trim().strip_prefix('{')?.strip_suffix('}').filter(|inner| !inner.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_says_counts_more_than_what_is_known_of_its_request() {
        for (event, span, overlap, expected) in [
            (r#"{"a":1}"#, r#"{"b":2}"#, false, r#"{"a":1,"b":2}"#),
            (r#"{"a":1}"#, "", false, r#"{"a":1}"#),
            ("{}", r#"{"b":2}"#, false, r#"{"b":2}"#),
            (r#"{"a":1}"#, r#"{"a":2,"b":2}"#, true, r#"{"a":1,"b":2}"#),
        ] {
            assert_eq!(both(event.to_owned(), span, overlap), expected, "{event} {span}");
        }
    }
}
