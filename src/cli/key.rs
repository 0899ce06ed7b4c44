//! `weir key`: makes and revokes API keys of applications.

use std::process::ExitCode;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::admin_client::{AdminArgs, AdminClient};
use super::{Outcome, block_on, terminal};

/// Make or revoke an API key
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a key for an application; it is shown this once
    #[command(
        after_help = "Example:\n  weir key create billing --name 'night job' --model fast --expires-at 2027-01-31T00:00:00Z"
    )]
    Create(Create),
    /// Revoke a key by its public id (the part after `weir_`), or by the whole key
    #[command(after_help = "Example:\n  weir key revoke 3kq0zr8p1m5x7y2a")]
    Revoke(Revoke),
}

#[derive(clap::Args)]
struct Create {
    #[command(flatten)]
    admin: AdminArgs,
    /// Id of the application
    application: String,
    /// What it is for
    #[arg(long)]
    name: Option<String>,
    /// When it stops working, RFC 3339
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// Only this model of those that the application may call; may be repeated
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,
    /// Only this service of those that the application may call; may be repeated
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<String>,
    /// Only the own API of this provider of those that the application may call; may be repeated
    #[arg(long = "provider", value_name = "PROVIDER")]
    providers: Vec<String>,
}

#[derive(clap::Args)]
struct Revoke {
    #[command(flatten)]
    admin: AdminArgs,
    /// Public id of the key
    key: String,
}

/// What the admin API answers to a new key.
#[derive(Deserialize)]
struct Created {
    key: String,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.action {
        Action::Create(create) => create_key(create),
        Action::Revoke(revoke) => revoke_key(revoke),
    }
}

fn create_key(args: &Create) -> Outcome {
    let client = AdminClient::new(&args.admin)?;
    let mut body = Map::new();
    if let Some(name) = &args.name {
        body.insert("name".to_owned(), json!(name));
    }
    if let Some(time) = &args.expires_at {
        body.insert("expires_at".to_owned(), json!(time));
    }
    if !args.models.is_empty() {
        body.insert("models".to_owned(), json!(args.models));
    }
    if !args.services.is_empty() {
        body.insert("services".to_owned(), json!(args.services));
    }
    if !args.providers.is_empty() {
        body.insert("providers".to_owned(), json!(args.providers));
    }
    let path = format!("/applications/{}/keys", segment(&args.application)?);
    let created: Created = block_on(client.json(Method::POST, &path, &Value::Object(body)))?;
    terminal::say(&created.key)?;
    terminal::complain("Keep it: only its hash is stored, so it cannot be shown again.");
    Ok(ExitCode::SUCCESS)
}

fn revoke_key(args: &Revoke) -> Outcome {
    let client = AdminClient::new(&args.admin)?;
    let id = weir_domain::credential::public_id(&args.key).unwrap_or(&args.key);
    let _answer: Value =
        block_on(client.json(Method::POST, &format!("/api-keys/{}/revoke", segment(id)?), &json!({})))?;
    terminal::say(&format!("{id} is revoked; every node refuses it within two seconds."))?;
    Ok(ExitCode::SUCCESS)
}

/// An id as one segment of an address. Ids need no escaping, so what is no id is refused here.
fn segment(id: &str) -> anyhow::Result<&str> {
    anyhow::ensure!(weir_domain::name::is_id(id), "{id:?} is not an id; {}", weir_domain::name::ID_RULE);
    Ok(id)
}
