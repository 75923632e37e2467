//! The modules that more than one plan runs. Each is named after the suite's.

pub mod codes;
pub mod flow;
pub mod objects;
pub mod parameters;
pub mod prompts;
pub mod refresh;
pub mod scopes;
