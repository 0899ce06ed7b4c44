"""Starts the fake vendors and Weir, runs commands with their addresses in the environment, ends all.

Usage: stand.py --weir PATH --fakes PATH -- COMMAND... [-- COMMAND...]
Every command is run, also after one has failed; the exit code is 1 if any did.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

START_SECONDS = 60

# What stands behind the address of each vendor, and what its provider needs besides.
VENDORS = {
    "openai": ("/v1", {}),
    "anthropic": ("/v1", {}),
    "gemini": ("/v1beta", {}),
    "bedrock": ("", {"region": "eu-central-1"}),
    "cohere": ("", {}),
    "ollama": ("", {}),
}
# Who also speaks the Responses API: one that remembers nothing, and one that keeps its answers.
RESPONSES = ["responses", "keeping"]

# Whose calls are made to fail at the same time: each has model routes of its own, so that none meets another's script.
FLAKY = ["", "-openai", "-anthropic", "-google"]
# Round numbers, so that a test can say what a call costs.
PRICE = {
    "per_million": {"input": "1", "output": "10"},
    "per_unit": {"images": [{"price": "0.04"}], "character": "0.00001", "audio_in_second": "0.0001", "query": "0.002"},
    "service_tiers": {"batch": {"per_million": {"input": "0.5", "output": "5"}}},
}


def listening(process: subprocess.Popen) -> dict:
    """Reads standard output up to the line that says where the process listens."""
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("event") == "listening":
                return event
    finally:
        timer.cancel()
    raise SystemExit(f"{process.args[0]} ended, or did not listen within {START_SECONDS} s")


def config(fakes: dict) -> str:
    """Each vendor twice: once for good calls, at a price, and once for calls that fail, so that a cooldown touches
    nobody else."""
    spec = {"models": ["*"], "batches": ["openai", "anthropic"]}
    documents = [{"kind": "Application", "id": "sdk", "spec": spec}]
    for vendor, (path, more) in VENDORS.items():
        secret = "env:FAKE_ACCESS_KEY" if vendor == "bedrock" else "env:FAKE_VENDOR_KEY"
        spec = {
            "protocol": vendor,
            "base_url": f"http://{fakes[vendor]}{path}",
            "keys": [{"id": "main", "secret": secret}],
            "allow_private_address": True,
            **more,
        }
        for provider in (vendor, f"flaky-{vendor}"):
            documents.append({"kind": "Provider", "id": provider, "spec": spec})
        for suite in FLAKY:
            route = {
                "targets": [{"provider": f"flaky-{vendor}", "model": f"model-flaky-{vendor}{suite}"}],
                "retry": {"max_attempts": 1, "cooldown_ms": 1},
            }
            documents.append({"kind": "ModelRoute", "id": f"flaky-{vendor}{suite}", "spec": route})
        price = {"provider": vendor, "model": "*", **PRICE}
        documents.append({"kind": "Price", "id": f"price-{vendor}", "spec": price})
    for provider in RESPONSES:
        spec = {
            "protocol": "openai",
            "responses": True,
            "base_url": f"http://{fakes[provider]}/v1",
            "keys": [{"id": "main", "secret": "env:FAKE_VENDOR_KEY"}],
            "allow_private_address": True,
        }
        documents.append({"kind": "Provider", "id": provider, "spec": spec})
        documents.append({"kind": "Price", "id": f"price-{provider}", "spec": {"provider": provider, "model": "*", **PRICE}})
    return "\n---\n".join(json.dumps(document) for document in documents)


def main() -> int:
    options, commands = sys.argv[1:5], [[]]
    for word in sys.argv[6:]:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    weir_path, fakes_path = options[1], options[3]
    with tempfile.TemporaryDirectory(prefix="weir-sdk-") as directory:
        directory = pathlib.Path(directory)
        fakes = subprocess.Popen([fakes_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        weir = None
        try:
            addresses = listening(fakes)
            (directory / "weir.yaml").write_text(config(addresses))
            with open(directory / "log", "wb") as log:
                # A batch's row is of the time of the fake's clock, which stands.
                weir = subprocess.Popen(
                    [weir_path, "run", "--config", "weir.yaml", "--data-dir", "data", "--ledger-retention-days", "0"]
                    + ["--gateway-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
                    cwd=directory,
                    env={
                        **os.environ,
                        "FAKE_VENDOR_KEY": addresses["key"],
                        "FAKE_ACCESS_KEY": addresses["access_key"],
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
                try:
                    planes = listening(weir)
                except SystemExit:
                    print((directory / "log").read_text(), file=sys.stderr)
                    raise
            admin = {"WEIR_ADMIN_URL": f"http://{planes['admin']}", "WEIR_DATA_DIR": str(directory / "data")}
            key = subprocess.run(
                [weir_path, "key", "create", "sdk"], env={**os.environ, **admin}, stdout=subprocess.PIPE, text=True, check=True
            ).stdout.strip()
            environment = {
                **os.environ,
                "GATEWAY_URL": f"http://{planes['gateway']}",
                "GATEWAY_KEY": key,
                "ADMIN_URL": admin["WEIR_ADMIN_URL"],
                "ADMIN_TOKEN": (directory / "data" / "admin-token").read_text().strip(),
                **{f"FAKE_{vendor.upper()}_URL": f"http://{addresses[vendor]}" for vendor in VENDORS},
            }
            codes = [subprocess.run(command, env=environment).returncode for command in commands]
            if any(codes):
                print("--- log of weir, last lines", file=sys.stderr)
                print("\n".join((directory / "log").read_text().splitlines()[-30:]), file=sys.stderr)
            return 1 if any(codes) else 0
        finally:
            if weir is not None:
                weir.terminate()
                try:
                    weir.wait(20)
                except subprocess.TimeoutExpired:
                    weir.kill()
            fakes.stdin.close()
            fakes.wait(10)


if __name__ == "__main__":
    sys.exit(main())
