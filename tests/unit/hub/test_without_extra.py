"""A box installs Lushao without the extra `hub`: the commands are there, and say what they need."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""
IMPORTED_AS = {
    "argon2-cffi": "argon2",
    "psycopg[binary]": "psycopg",
    "python-multipart": "python_multipart",
}


def _extra() -> set[str]:
    """What the extra `hub` brings, by the names it is imported by."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = [requirement.split(">=")[0] for requirement in extras["hub"]]
    return {IMPORTED_AS.get(name, name) for name in names} | {"starlette", "boto3"}


def _lushao(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = HIDE.format(hidden=_extra()) + "import lushao; lushao.main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_commands_are_shown() -> None:
    done = _lushao("hub", "--help")
    assert (done.returncode, "receive" in done.stdout, "serve" in done.stdout) == (0, True, True), done.stderr


@pytest.mark.parametrize("command", ["serve", "receive", "leads"])
def test_a_command_that_needs_the_extra_says_so(command: str) -> None:
    done = _lushao("hub", command, "configs/hub.yaml")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("is not installed: run `pip install 'lushao[hub]'`"), done.stderr
    assert "Traceback" not in done.stderr
