//! `chimera models`: what each vendor with a key offers right now.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
    voices,
};
use crate::{
    domain::{team::Vendor, text},
    providers::wire::CallError,
};
use clap::Args;
use futures::future::{BoxFuture, FutureExt};
use serde_json::json;

/// Models of one vendor that are printed.
const MODELS_MOST: usize = 2_000;

/// Which vendors.
#[derive(Debug, Clone, Args)]
pub struct ModelsArgs {
    /// Only this vendor: anthropic, google, openrouter or openai
    #[arg(long, value_name = "VENDOR")]
    pub vendor: Option<Vendor>,
}

/// Asks and prints.
///
/// # Errors
/// No vendor has a key, or none of them answered.
pub async fn run(args: &ModelsArgs, session: &Session, out: &mut Out) -> Said {
    let wanted = |vendor: Vendor| args.vendor.is_none_or(|only| only == vendor);
    let settings = session.settings();
    if !Vendor::ALL.into_iter().any(|vendor| wanted(vendor) && settings.usable(vendor, &session.environment))
    {
        return Err(Complaint::error("no vendor has a key")
            .hint("set ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY or OPENAI_API_KEY"));
    }
    let switchboard = voices::switchboard(settings, &session.environment).await?;
    let vendors: Vec<Vendor> = switchboard.vendors().into_iter().filter(|vendor| wanted(*vendor)).collect();
    list(&vendors, |vendor| switchboard.models(vendor).boxed(), out).await
}

/// Prints what these offer; a vendor that does not answer is said, and only fails the whole if none does.
///
/// # Errors
/// None answered.
pub async fn list<'a>(
    vendors: &[Vendor],
    ask: impl Fn(Vendor) -> BoxFuture<'a, Result<Vec<String>, CallError>>,
    out: &mut Out,
) -> Said {
    let asked = vendors.iter().map(|vendor| {
        let answer = ask(*vendor);
        async move { (*vendor, answer.await) }
    });
    let mut answered = false;
    for (vendor, answer) in futures::future::join_all(asked).await {
        match answer {
            Ok(mut models) => {
                answered = true;
                models.sort();
                for model in models.iter().take(MODELS_MOST) {
                    let model = text::clean_line(model, 200);
                    let value = json!({"kind": "model", "vendor": vendor, "model": &*model});
                    out.both(&format!("{vendor}/{model}"), &value);
                }
            }
            Err(error) => {
                let value = json!({"kind": "notice", "vendor": vendor, "text": error.message});
                out.both(&format!("{vendor}: {}", error.message), &value);
            }
        }
    }
    if answered { Ok(Exit::Ok) } else { Err(Complaint::error("no vendor answered")) }
}
