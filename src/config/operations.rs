//! Settings of a process in operation: the log, the audit log and the shutdown.

use serde::Serialize;

use super::table::settings;
use super::{LogFormat, LogLevel, Span};

settings! {
    [log]

    /// The log of the process.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Log {
        /// The minimum severity of logged events: `off`, `error`, `warn`, `info`, `debug` or `trace`. `RUST_LOG` takes
        /// precedence.
        pub level: LogLevel = LogLevel::Info,
        /// The format of log lines: `pretty` for people, or `json` for one JSON object per line.
        pub format: LogFormat = LogFormat::Pretty,
    }
}

settings! {
    [audit]

    /// The audit log, which `signet audit` reads.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Audit {
        /// The time for which rows of the audit log are kept, at least a day. A signed checkpoint replaces older rows.
        pub retention: Span = Span::from_days(90),
    }
}

settings! {
    [shutdown]

    /// The shutdown on a signal.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Shutdown {
        /// The time for which connections are still accepted after a signal has turned `/ready` to 503, so that load
        /// balancers notice; at most a minute.
        pub delay: Span = Span::ZERO,
    }
}
