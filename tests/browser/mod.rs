//! Stories in a real Chromium, controlled through ChromeDriver: the behavior of cookies, forms, redirects, the content
//! security policy, the keyboard and the window size that only a browser shows.

mod accessibility;
mod chromium;
mod consent;
mod logout;
mod logout_channels;
mod policy;
mod screenshots;
mod sign_in;
mod site;
mod stage;

pub use accessibility::Axe;
pub use chromium::{Chromium, Frames, Scripts};
pub use site::Site;
pub use stage::Stage;
