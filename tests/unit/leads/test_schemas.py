"""The schemas in docs/wire are those of the models, and they take what the models take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from typer.testing import CliRunner

from leads import Lead, Status, encode
from leads.commands import app, stale_documents
from leads.schemas import CHANNELS, asyncapi, documents, schema_of
from tests.unit.leads.samples import any_lead, sample_lead, sample_receipt

WIRE = Path(__file__).parents[3] / "docs" / "wire"
LEAD = Draft202012Validator(schema_of(Lead))


def test_the_documents_in_docs_are_those_of_the_models() -> None:
    assert stale_documents(WIRE) == [], "run `lushao leads schema --write docs/wire`"


def test_a_changed_a_missing_and_a_foreign_document_are_named(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["schema", "--write", str(tmp_path)]).exit_code == 0
    assert runner.invoke(app, ["schema", "--check", str(tmp_path)]).exit_code == 0
    (tmp_path / "Lead.schema.json").write_text("{}")
    (tmp_path / "Order.schema.json").unlink()
    (tmp_path / "Old.schema.json").write_text("{}")
    assert stale_documents(tmp_path) == ["Lead.schema.json", "Old.schema.json", "Order.schema.json"]
    done = runner.invoke(app, ["schema", "--check", str(tmp_path)])
    assert done.exit_code == 1
    assert "schema --write" in done.stderr


@pytest.mark.parametrize("name", sorted(documents()))
def test_every_schema_is_a_schema_and_describes_every_member(name: str) -> None:
    document = json.loads((WIRE / name).read_text(encoding="utf-8"))
    if name == "asyncapi.json":
        assert document == asyncapi()
        return
    Draft202012Validator.check_schema(document)
    parts = [document, *document.get("$defs", {}).values()]
    bare = [
        f"{part['title']}.{member}"
        for part in parts
        for member, schema in part.get("properties", {}).items()
        if "description" not in schema and member != "signature"
    ]
    assert bare == []


@settings(max_examples=40)
@given(any_lead())
def test_the_schema_takes_any_lead(lead: Lead) -> None:
    LEAD.validate(json.loads(encode(lead)))


@pytest.mark.parametrize(
    "changes", [{"added": 1}, {"schema_version": "2.0"}, {"lead_id": "x"}, {"occurred_at": "2026-11-23"}, {"act": None}]
)
def test_the_schema_refuses_what_the_model_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LEAD.validate(json.loads(encode(sample_lead())) | changes)


def test_the_schemas_take_receipts_and_births() -> None:
    receipt = sample_receipt("0" * 64, sample_lead().lead_id)
    Draft202012Validator(schema_of(type(receipt))).validate(json.loads(encode(receipt)))
    birth = Status(site_id="s", box_id="b", session_id="1", state="online")
    Draft202012Validator(schema_of(Status)).validate(json.loads(encode(birth)))


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()

    def follow(value: Any) -> None:
        if isinstance(value, dict):
            target = value.get("$ref", "#")
            if target.startswith("./"):
                assert (WIRE / target).is_file()
            else:
                place: Any = document
                for key in target.split("/")[1:]:
                    place = place[key]
            for member in value.values():
                follow(member)
        elif isinstance(value, list):
            for member in value:
                follow(member)

    follow(document)
    assert len(document["channels"]) == len(CHANNELS)
