//! A very small shop over HTTP: one cart, three routes, standard library only.

pub mod cart;
pub mod http;
