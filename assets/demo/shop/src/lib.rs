//! A very small shop over HTTP: one cart, three routes, standard library only.

pub mod cache;
pub mod cart;
pub mod http;
