//! The source itself: layers, documentation, deployment samples and dependencies.

pub mod architecture;
pub mod branding;
pub mod demo;
pub mod dependencies;
pub mod deploy;
pub mod documentation;
pub mod examples;
pub mod messages;
pub mod snapshots;
