//! `chimera feature`: a brief whose end-to-end test comes first, and that ends in the staging environment.

use super::{
    brief::{self, BriefArgs},
    exit::Said,
    out::Out,
    session::Session,
};
use clap::Args;

/// What to build, against which contract, and where it is staged.
#[derive(Debug, Clone, Default, Args)]
pub struct FeatureArgs {
    /// Address of the service as it is now: the end-to-end test must fail there first
    #[arg(long, value_name = "URL", required = true)]
    pub target_url: String,
    /// Address of the staging environment: the test must pass there in the end
    #[arg(long, value_name = "URL", required = true)]
    pub staging_url: String,
    /// Everything that a brief has.
    #[command(flatten)]
    pub brief: BriefArgs,
}

/// Opens the mission and follows it.
///
/// # Errors
/// The brief makes no sense, nothing says how it is tested or staged, the house cannot be opened, or the engine refuses.
pub async fn run(args: &FeatureArgs, session: &Session, out: &mut Out) -> Said {
    let urls = (args.target_url.clone(), args.staging_url.clone());
    brief::follow(&args.brief, Some(urls), session, out).await
}
