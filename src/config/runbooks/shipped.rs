//! The runbooks that come with the program.

/// Id and text of each, by id.
pub const SHIPPED: &[(&str, &str)] = &[
    ("clean-logs", include_str!("../../../assets/runbooks/clean-logs.toml")),
    ("clear-cache-directory", include_str!("../../../assets/runbooks/clear-cache-directory.toml")),
    ("clear-cache-redis", include_str!("../../../assets/runbooks/clear-cache-redis.toml")),
    ("clear-outgrown-directory", include_str!("../../../assets/runbooks/clear-outgrown-directory.toml")),
    ("fail-over", include_str!("../../../assets/runbooks/fail-over.toml")),
    ("kill-runaway-query", include_str!("../../../assets/runbooks/kill-runaway-query.toml")),
    ("reload-config", include_str!("../../../assets/runbooks/reload-config.toml")),
    ("reload-nginx", include_str!("../../../assets/runbooks/reload-nginx.toml")),
    ("renew-certificate", include_str!("../../../assets/runbooks/renew-certificate.toml")),
    ("renew-certificate-command", include_str!("../../../assets/runbooks/renew-certificate-command.toml")),
    ("restart-container", include_str!("../../../assets/runbooks/restart-container.toml")),
    ("restart-deployment", include_str!("../../../assets/runbooks/restart-deployment.toml")),
    ("restart-process", include_str!("../../../assets/runbooks/restart-process.toml")),
    ("restart-unit", include_str!("../../../assets/runbooks/restart-unit.toml")),
    ("retry-jobs", include_str!("../../../assets/runbooks/retry-jobs.toml")),
    ("rotate-logs", include_str!("../../../assets/runbooks/rotate-logs.toml")),
    ("scale-compose", include_str!("../../../assets/runbooks/scale-compose.toml")),
    ("scale-kubernetes", include_str!("../../../assets/runbooks/scale-kubernetes.toml")),
];
