//! The `traceparent` header of a request (W3C Trace Context §3.2). Anyone may send it, so a header that is not exactly
//! well-formed is ignored.

/// The length of a version 00 header.
const LENGTH: usize = 55;

/// The trace and the span of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent<'a> {
    /// The trace id, 32 lower-case hexadecimal digits.
    pub trace_id: &'a str,
    /// The caller's span id, 16 lower-case hexadecimal digits.
    pub parent_id: &'a str,
    /// True if the caller may have recorded the trace.
    pub sampled: bool,
}

impl<'a> TraceParent<'a> {
    /// Parses the value of a `traceparent` header.
    pub fn parse(header: &'a str) -> Option<Self> {
        let (known, beyond) = header.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let [version, trace_id, parent_id, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let whole = parts.next().is_none() && [version.len(), trace_id.len(), parent_id.len()] == [2, 32, 16];
        let hex = [version, trace_id, parent_id, flags].into_iter().all(is_lower_hex);
        // §3.2.2: a later version may continue after another dash; ff is not a version, and all-zero ids are invalid
        // (§3.2.2.3).
        let versioned = match version {
            "ff" => false,
            "00" => beyond.is_empty(),
            _ => beyond.is_empty() || beyond.starts_with('-'),
        };
        let named = [trace_id, parent_id].into_iter().all(|id| id.bytes().any(|digit| digit != b'0'));
        let flags = u8::from_str_radix(flags, 16).ok()?;
        (whole && hex && versioned && named).then_some(Self { trace_id, parent_id, sampled: flags & 1 == 1 })
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_well_formed_header_is_parsed_and_any_other_ignored() {
        let rows = [
            ("§3.2.3 sampled", format!("00-{TRACE}-{SPAN}-01"), Some(true)),
            ("§3.2.3 not sampled", format!("00-{TRACE}-{SPAN}-00"), Some(false)),
            ("§3.2.2.5 unknown flags are ignored", format!("00-{TRACE}-{SPAN}-fe"), Some(false)),
            ("§3.2.2 a later version", format!("cc-{TRACE}-{SPAN}-01"), Some(true)),
            ("§3.2.2 a later version that goes on", format!("cc-{TRACE}-{SPAN}-01-what-else"), Some(true)),
            ("a later version that goes on without a dash", format!("cc-{TRACE}-{SPAN}-01.what"), None),
            ("version 00 has an end", format!("00-{TRACE}-{SPAN}-01-more"), None),
            ("§3.2.2.1 ff is no version", format!("ff-{TRACE}-{SPAN}-01"), None),
            ("§3.2.2.3 no trace", format!("00-{}-{SPAN}-01", "0".repeat(32)), None),
            ("§3.2.2.4 no span", format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            ("upper case", format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            ("not hexadecimal", format!("00-{}-{SPAN}-01", TRACE.replace('f', "g")), None),
            ("a sign is no digit", format!("00-{TRACE}-{SPAN}-+1"), None),
            ("short", format!("00-{TRACE}-{SPAN}-1"), None),
            ("a dash too many", format!("00-{}--{SPAN}-01", &TRACE[1..]), None),
            ("line breaks", format!("00-{TRACE}-{SPAN}\n01"), None),
            ("not ASCII", format!("00-{}é-{SPAN}-01", &TRACE[2..]), None),
            ("nothing", String::new(), None),
        ];
        for (rule, header, sampled) in rows {
            let expected = sampled.map(|sampled| TraceParent { trace_id: TRACE, parent_id: SPAN, sampled });
            assert_eq!(TraceParent::parse(&header), expected, "{rule}");
        }
    }
}
