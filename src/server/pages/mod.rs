//! What can be asked, a file for each path: its routes with their description, its forms on the wire, and what it says.

mod commands;
mod control;
mod desk;
mod events;
pub(in crate::server) mod feeds;
mod health;
mod hooks;
mod incidents;
mod journal;
pub(in crate::server) mod login;
mod metrics;
mod missions;
pub(in crate::server) mod previews;
mod settings;
mod snapshot;
pub(in crate::server) mod stream;
mod tasks;
mod websocket;

use super::api::Api;

/// Every route.
pub(in crate::server) fn routes() -> Api {
    [
        missions::routes,
        tasks::routes,
        desk::routes,
        incidents::routes,
        control::routes,
        settings::routes,
        login::routes,
        journal::routes,
        events::routes,
        snapshot::routes,
        feeds::routes,
        previews::routes,
        commands::routes,
        hooks::routes,
        health::routes,
        metrics::routes,
    ]
    .into_iter()
    .fold(Api::new(), |api, routes| routes(api))
}
