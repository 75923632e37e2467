//! The table in which a section of `signet.toml` states each of its settings once.
//!
//! A section is written as the struct that holds it, under the header of its TOML table, with a default after each
//! type:
//!
//! ```text
//! settings! {
//!     [audit]
//!
//!     /// The audit log.
//!     #[derive(Clone, Copy, Debug, Serialize)]
//!     pub struct Audit {
//!         /// The time for which rows are kept, at least a day.
//!         pub retention: Span = Span::from_days(90),
//!     }
//! }
//! ```
//!
//! This expands to the struct `Audit`, its `Default`, `Audit::read`, which overlays the key `audit.retention`, and
//! `Audit::SECTION`, the part of the reference. The comments are the text of the reference, so they are whole sentences
//! for operators: a noun phrase for a value, a verb for a switch ("Lets production ..."), and the bounds that
//! `rules.rs` checks.
//!
//! The type of a field implements [`Value`](super::values::Value); an `Option` of such a type is one too. Three
//! attributes change a field. They stand below its comment, in this order:
//!
//! - `#[serde(...)]` is passed on to the struct.
//! - `#[form(F)]`: the value is written in the form of `F`, which converts into the field's type.
//! - `#[secret(parse, file = "...")]`: `parse` reads the text of the key, or of the file that a second key names, which
//!   has the suffix `_file` and the given meaning.
//!
//! A section within a section has a dotted header, such as `[accounts.tokens]`. The outer one names its struct behind
//! the others, in `with { ... }`.
//!
//! A section also needs a field of `Settings`, a line in `Settings::lay`, and a place in the reference.

/// A section of the settings, as the reference shows it.
pub(super) struct Section {
    /// The heading.
    pub(super) title: &'static str,
    /// The paragraph below the heading.
    pub(super) about: &'static str,
    /// The settings, in the order of the reference.
    pub(super) rows: &'static [Row],
}

/// A setting, as the reference shows it.
pub(super) struct Row {
    /// The key as a dotted path.
    pub(super) key: &'static str,
    /// The sentences of the reference.
    pub(super) meaning: &'static str,
    /// The key that names a file with the value. Secrets have one.
    pub(super) file: Option<&'static Row>,
}

impl Row {
    /// Builds the row of a setting that is not a secret.
    pub(super) const fn plain(key: &'static str, meaning: &'static str) -> Self {
        Self { key, meaning, file: None }
    }
}

/// Declares a section of the settings. The module explains the syntax.
macro_rules! settings {
    (
        $section:tt

        $(#[doc = $about:literal])+
        #[derive($($derived:ident),+)]
        pub struct $name:ident {
            $(
                $(#[doc = $meaning:literal])+
                $(#[serde($($serde:tt)+)])?
                $(#[form($form:ty)])?
                $(#[secret($parse:path, file = $file:literal)])?
                pub $field:ident: $type:ty = $default:expr,
            )+
        }
        $(with {
            $($(#[doc = $inner_about:literal])+ pub $inner:ident: $inner_type:ty,)+
        })?
    ) => {
        $(#[doc = $about])+
        #[derive($($derived),+)]
        pub struct $name {
            $(
                $(#[doc = $meaning])+
                $(#[serde($($serde)+)])?
                pub $field: $type,
            )+
            $($($(#[doc = $inner_about])+ pub $inner: $inner_type,)+)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ $($($inner: <$inner_type>::default(),)+)? }
            }
        }

        impl $name {
            /// This section of the reference.
            pub(super) const SECTION: $crate::config::table::Section = $crate::config::table::Section {
                title: settings!(@title $section),
                about: settings!(@text $($about)+),
                rows: &[$($crate::config::table::Row {
                    key: settings!(@key $section $field),
                    meaning: settings!(@text $($meaning)+),
                    file: settings!(@file $section $field $($file)?),
                }),+],
            };

            /// Overlays the values of this section's keys.
            pub(super) fn read(
                &mut self,
                sources: &mut $crate::config::sources::Sources,
            ) -> Result<(), $crate::config::ConfigError> {
                $(settings!(
                    @read sources $section $field => self.$field; $(form $form)? $(secret $parse)?
                );)+
                $($(self.$inner.read(sources)?;)+)?
                Ok(())
            }
        }
    };

    // The read of one field, by its kind.
    (@read $sources:ident $section:tt $field:ident => $target:expr;) => {
        $sources.set(settings!(@key $section $field), &mut $target)?
    };
    (@read $sources:ident $section:tt $field:ident => $target:expr; form $form:ty) => {
        if let Some(value) = $sources.take::<$form>(settings!(@key $section $field))? {
            $target = value.into();
        }
    };
    (@read $sources:ident $section:tt $field:ident => $target:expr; secret $parse:path) => {
        let secret =
            $sources.take_secret(settings!(@key $section $field), settings!(@file_key $section $field), $parse)?;
        if let Some(secret) = secret {
            $target = secret.into();
        }
    };

    // The keys of a field.
    (@key [$first:ident $(. $more:ident)*] $field:ident) => {
        concat!(stringify!($first), $(".", stringify!($more),)* ".", stringify!($field))
    };
    (@file_key $section:tt $field:ident) => { concat!(settings!(@key $section $field), "_file") };
    (@title [$first:ident $(. $more:ident)*]) => { concat!(stringify!($first) $(, ".", stringify!($more))*) };

    // The row of a secret's second key.
    (@file $section:tt $field:ident) => { None };
    (@file $section:tt $field:ident $meaning:literal) => {
        Some(&$crate::config::table::Row::plain(settings!(@file_key $section $field), $meaning))
    };

    // The lines of a comment as one text; each begins with the space that follows the slashes.
    (@text $($line:literal)+) => { concat!($($line),+).trim_ascii() };
}

pub(super) use settings;
