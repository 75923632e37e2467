//! Reports of browsers about violations of the content security policy.

pub(crate) mod csp_reports;
