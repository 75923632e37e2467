//! Selection of one object of a command: its first argument, or an option.

/// Defines arguments that name an object: `target!(NAME, VALUE_NAME, OPTION, HELP)`.
macro_rules! target {
    ($(#[$doc:meta])* $name:ident, $value:tt, $option:tt, $help:tt) => {
        $(#[$doc])*
        #[derive(clap::Args)]
        #[group(required = true, multiple = false)]
        pub struct $name {
            #[doc = $help]
            #[arg(value_name = $value)]
            first: Option<String>,
            #[doc = $help]
            #[arg(long = $option, value_name = $value)]
            named: Option<String>,
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                self.first.as_deref().or(self.named.as_deref()).unwrap_or_default()
            }
        }
    };
}

pub(super) use target;
