//! `custody verify` and `custody export`: what is as it was signed is proven, and whatever is changed
//! behind the server's back is found, by name.

mod anchored;
mod bundle;
mod resume;
mod setting;
mod stream;
mod tampered;
