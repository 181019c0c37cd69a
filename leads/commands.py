"""The commands of `lushao leads`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leads.schemas import documents

app = typer.Typer(help="The messages: their schemas.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """The messages that cross the wire."""


@app.command()
def schema(
    write: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the documents there.")] = None,
    check: Annotated[Path | None, typer.Option(metavar="DIR", help="Fail if the documents there differ.")] = None,
) -> None:
    """Write, or check, the JSON Schemas and the AsyncAPI document, which lie in docs/wire."""
    console = Console(stderr=True, soft_wrap=True)
    if (write is None) == (check is None):
        console.print("give either --write DIR or --check DIR")
        raise typer.Exit(2)
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name, text in documents().items():
            (write / name).write_text(text, encoding="utf-8")
        return
    assert check is not None
    stale = stale_documents(check)
    if stale:
        console.print(f"not as the models say: {', '.join(stale)}; run `lushao leads schema --write {check}`")
        raise typer.Exit(1)


def stale_documents(folder: Path) -> list[str]:
    """Names of the documents of a folder that differ from what the models say, are missing, or are too many."""
    wanted = documents()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
