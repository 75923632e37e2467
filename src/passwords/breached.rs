//! The file of breached passwords: one hexadecimal SHA-1 digest a line, or a prefix of one, in ascending order, with or
//! without a count (`DIGEST:COUNT`, as the Pwned Passwords downloader writes it). It is searched on the disk, with a few
//! small reads for each lookup, whatever its size.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use signet_protocol::account::password::Breach;
use signet_protocol::secret::Password;

/// The length of a read. Every line is shorter than half of it.
const WINDOW: usize = 256;
/// The maximum length of a line, with its end.
const MAX_LINE: usize = 100;
/// The least number of hexadecimal digits; fewer would be shared by too many passwords.
const MIN_DIGITS: usize = 10;
/// The number of digits of a digest.
const MAX_DIGITS: usize = 40;
/// The number of places at which the order is checked when the file is opened.
const SAMPLES: u64 = 1_000;

/// The reason why a file of breached passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachedFileError {
    #[error("passwords.breached_file: cannot read {0}: {1}")]
    Unreadable(PathBuf, io::Error),
    /// A line is no digest, or not as long as the others.
    #[error("passwords.breached_file: {0} has no SHA-1 digest at byte {1}; each line is DIGEST or DIGEST:COUNT")]
    Malformed(PathBuf, u64),
    /// A line is smaller than one before it.
    #[error("passwords.breached_file: {0} is not sorted by digest at byte {1}")]
    Unsorted(PathBuf, u64),
}

/// An open file.
#[derive(Debug)]
pub struct BreachedFile {
    file: File,
    length: u64,
    /// The number of digits of each line.
    digits: usize,
}

/// A line of the file.
struct Line {
    start: u64,
    end: u64,
    /// The digits in upper case.
    digits: Vec<u8>,
}

impl BreachedFile {
    /// Opens a file and checks its format and its order at some places.
    pub fn open(path: &Path) -> Result<Self, BreachedFileError> {
        let failed = |error| BreachedFileError::Unreadable(path.to_owned(), error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("it is not a file")));
        }
        let mut opened = Self { file, length: metadata.len(), digits: MIN_DIGITS };
        let first = opened.line_from(0).map_err(failed)?;
        let first = first.filter(|line| (MIN_DIGITS..=MAX_DIGITS).contains(&line.digits.len()) && line.start == 0);
        opened.digits = first.ok_or_else(|| BreachedFileError::Malformed(path.to_owned(), 0))?.digits.len();
        opened.check_samples(path)?;
        Ok(opened)
    }

    fn check_samples(&self, path: &Path) -> Result<(), BreachedFileError> {
        let mut before: Vec<u8> = Vec::new();
        for sample in 0..=SAMPLES {
            let at = self.length.saturating_sub(1).saturating_mul(sample) / SAMPLES;
            let found = self.line_from(at).map_err(|error| BreachedFileError::Unreadable(path.to_owned(), error))?;
            let Some(line) = found else { continue };
            if line.digits.len() != self.digits {
                return Err(BreachedFileError::Malformed(path.to_owned(), line.start));
            }
            if line.digits < before {
                return Err(BreachedFileError::Unsorted(path.to_owned(), line.start));
            }
            before = line.digits;
        }
        Ok(())
    }

    /// Looks a password up.
    pub fn find(&self, password: &Password) -> io::Result<Breach> {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.expose().as_bytes());
        let digits: Vec<u8> = digest.as_ref().iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect();
        let wanted = digits.get(..self.digits).unwrap_or(&digits);
        let mut low = 0;
        let mut high = self.length;
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(line) = self.line_from(middle)?.filter(|line| line.start < high) else {
                high = middle;
                continue;
            };
            match line.digits.as_slice().cmp(wanted) {
                Ordering::Equal => return Ok(Breach::Known),
                Ordering::Less => low = line.end,
                Ordering::Greater => high = middle,
            }
        }
        Ok(Breach::Unknown)
    }

    /// Returns the first line that begins at or after an offset; `None` if there is none.
    fn line_from(&self, offset: u64) -> io::Result<Option<Line>> {
        // One byte earlier, so that a line that begins exactly here is seen to begin.
        let from = offset.saturating_sub(1);
        let mut window = [0; WINDOW];
        let mut filled = 0;
        while let Some(rest) = window.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, from + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        let read = window.get(..filled).unwrap_or_default();
        let skipped = if offset == 0 {
            0
        } else {
            match read.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None if filled < WINDOW => return Ok(None),
                None => return Err(io::Error::other("a line is too long")),
            }
        };
        let rest = read.get(skipped..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        if length > MAX_LINE {
            return Err(io::Error::other("a line is too long"));
        }
        let start = from + skipped as u64;
        let digits = rest.iter().take(length).take_while(|byte| byte.is_ascii_hexdigit());
        let digits = digits.map(u8::to_ascii_uppercase).collect();
        Ok(Some(Line { start, end: start + length as u64, digits }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn digest_of(text: &str) -> String {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn file(lines: &[String], end: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all((lines.join(end) + end).as_bytes()).unwrap();
        file
    }

    /// Digests of the passwords "breached 0" to "breached 4999", in a form.
    fn sorted(form: impl Fn(usize, String) -> String) -> Vec<String> {
        let mut lines: Vec<String> = (0..5_000).map(|n| form(n, digest_of(&format!("breached {n}")))).collect();
        lines.sort();
        lines
    }

    #[test]
    fn a_password_is_found_if_and_only_if_it_is_listed() {
        let forms = [
            ("with counts of any length", sorted(|n, digest| format!("{digest}:{}", n * n)), "\r\n"),
            ("without counts", sorted(|_, digest| digest), "\n"),
            ("in lower case", sorted(|n, digest| format!("{}:{n}", digest.to_lowercase())), "\n"),
            ("prefixes", sorted(|_, digest| digest[..12].to_owned()), "\n"),
        ];
        for (form, lines, end) in forms {
            let file = file(&lines, end);
            let breached = BreachedFile::open(file.path()).unwrap();
            let find = |text: &str| breached.find(&Password::new(text.to_owned())).unwrap();
            for n in 0..5_000 {
                assert_eq!(find(&format!("breached {n}")), Breach::Known, "{form}: {n}");
                assert_eq!(find(&format!("unknown {n}")), Breach::Unknown, "{form}: {n}");
            }
        }
    }

    #[test]
    fn one_line_with_or_without_an_end_is_a_list() {
        for text in [digest_of("one"), digest_of("one") + "\n"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let breached = BreachedFile::open(file.path()).unwrap();
            assert_eq!(breached.find(&Password::new("one".to_owned())).unwrap(), Breach::Known);
            assert_eq!(breached.find(&Password::new("two".to_owned())).unwrap(), Breach::Unknown);
        }
    }

    #[test]
    fn a_file_that_cannot_be_searched_is_refused_at_once() {
        let mut unsorted = sorted(|_, digest| digest);
        unsorted.reverse();
        let mixed = vec![digest_of("a")[..12].to_owned(), "F".repeat(40)];
        let rows = [
            ("empty", file(&[], ""), "no SHA-1 digest"),
            ("a list of words", file(&["password".to_owned(), "letmein".to_owned()], "\n"), "no SHA-1 digest"),
            ("prefixes that are too short", file(&["ABCDEF012".to_owned()], "\n"), "no SHA-1 digest"),
            ("prefixes of two lengths", file(&mixed, "\n"), "no SHA-1 digest"),
            ("unsorted", file(&unsorted, "\n"), "not sorted"),
            ("one long line", file(&["A".repeat(10_000)], "\n"), "too long"),
        ];
        for (rule, file, expected) in rows {
            let error = BreachedFile::open(file.path()).unwrap_err().to_string();
            assert!(error.starts_with("passwords.breached_file: ") && error.contains(expected), "{rule}: {error}");
        }
        let missing = BreachedFile::open(Path::new("/nonexistent/file")).unwrap_err().to_string();
        assert!(missing.contains("cannot read /nonexistent/file"), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        assert!(BreachedFile::open(folder.path()).unwrap_err().to_string().contains("not a file"));
    }
}
