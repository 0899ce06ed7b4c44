"""The Python that README.md shows, run as shown with the official SDKs."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

README = pathlib.Path(__file__).parents[3] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def test_there_is_something_to_run():
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_readme_shows_runs(block):
    environment = {
        **os.environ,
        "WEIR_GATEWAY_URL": os.environ["GATEWAY_URL"],
        "WEIR_API_KEY": os.environ["GATEWAY_KEY"],
        "WEIR_MODEL": "demo/demo-small",
    }
    done = subprocess.run([sys.executable, "-c", block], env=environment, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "it prints the answer"
