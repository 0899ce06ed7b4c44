//! Other AI gateways from their packages, on the same upstream: LiteLLM (Python) and Portkey (Node).
//!
//! `make bench` installs them into a folder of its own; where one is missing, its row is left out.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::process::{Process, free_address};
use crate::setup::{PROXY_CORE, Proxy};

/// Starts what is installed in `packages`.
///
/// # Errors
/// When a peer that is installed does not come up.
pub(crate) fn start(packages: &Path, dir: &Path, upstream: SocketAddr, key: &str) -> anyhow::Result<Vec<Proxy>> {
    let mut peers = Vec::new();
    let litellm = packages.join("venv/bin/litellm");
    if litellm.exists() {
        peers.push(start_litellm(&litellm, dir, upstream, key)?);
    }
    let portkey = packages.join("node_modules/@portkey-ai/gateway/build/start-server.js");
    if portkey.exists() {
        peers.push(start_portkey(&portkey, dir, upstream)?);
    }
    Ok(peers)
}

fn start_litellm(program: &Path, dir: &Path, upstream: SocketAddr, key: &str) -> anyhow::Result<Proxy> {
    let config = dir.join("litellm.yaml");
    fs::write(
        &config,
        format!(
            "model_list:\n  - model_name: bench\n    litellm_params: {{model: openai/bench, api_base: \"http://{upstream}/v1\", api_key: sk-bench-provider}}\ngeneral_settings: {{master_key: \"{key}\"}}\n"
        ),
    )?;
    let at = free_address()?;
    let (config, port) = (config.to_string_lossy(), at.port().to_string());
    let args = ["--config", &config, "--host", "127.0.0.1", "--port", &port, "--num_workers", "1"];
    // Its price table otherwise comes from the network.
    let envs = [("LITELLM_LOCAL_MODEL_COST_MAP", "True"), ("LITELLM_LOG", "ERROR")];
    let process = Process::start(PROXY_CORE, &program.to_string_lossy(), &args, &envs, &dir.join("litellm.log"))?;
    let mut proxy = Proxy { name: "LiteLLM", address: at, process, headers: Vec::new() };
    proxy.process.wait(at)?;
    Ok(proxy)
}

fn start_portkey(program: &Path, dir: &Path, upstream: SocketAddr) -> anyhow::Result<Proxy> {
    let at = free_address()?;
    let (program, port) = (program.to_string_lossy(), format!("--port={}", at.port()));
    let process = Process::start(PROXY_CORE, "node", &[&program, "--headless", &port], &[], &dir.join("portkey.log"))?;
    let headers = vec![
        ("x-portkey-provider".to_owned(), "openai".to_owned()),
        ("x-portkey-custom-host".to_owned(), format!("http://{upstream}/v1")),
    ];
    let mut proxy = Proxy { name: "Portkey", address: at, process, headers };
    proxy.process.wait(at)?;
    Ok(proxy)
}
