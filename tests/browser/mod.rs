//! Stories in a real Chromium, driven through ChromeDriver: what only a browser does with cookies, forms, redirects,
//! the content security policy, the keyboard and the size of its window.

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
