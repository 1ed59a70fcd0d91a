//! Five real projects: every step of `tests/systems/NAME` on a good, a slightly worse and a bad run.
//!
//! A project's scripts are run as they stand in its folder, in the work tree of a repository with a remote. Only the
//! benchmarks are not run: what they wrote once lies in `results/`, and stands in for them.
#![cfg(all(unix, feature = "github"))]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, reason = "tests")]

#[path = "forge/contract.rs"]
mod contract;
#[path = "systems/project.rs"]
mod project;
#[path = "nightly/server.rs"]
#[allow(dead_code, reason = "shared with another test, which uses all of it")]
mod server;
mod world;

#[path = "systems/config_server_go.rs"]
mod config_server_go;
#[path = "systems/criterion_workspace.rs"]
mod criterion_workspace;
#[path = "systems/invitations_go.rs"]
mod invitations_go;
#[path = "systems/scheduler_results.rs"]
mod scheduler_results;
#[path = "systems/upload_service_pytest.rs"]
mod upload_service_pytest;
