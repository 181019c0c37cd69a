"""The case file as one ZIP that proves itself: paper, data, evidence, what the box signed, and how to check it all."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.evidence.vault import sha256_of
from hub.export.casefile import CaseFile
from hub.export.paper import case_number
from hub.intake.entry import to_datetime
from hub.web.deps import templates
from hub.web.words import LANGUAGES, Translator
from leads import canonical_json, parse_json, signature_of

CHECK: Final = Path(__file__).with_name("check_export.py")
"""The program that goes along as `check.py`."""
SUMS: Final = "SHA256SUMS"
_PACKED: Final = (".txt", ".json", ".jsonl", ".py", SUMS)
"""What becomes smaller in a ZIP; pictures, clips and PDFs do not."""


@dataclass(frozen=True)
class Item:
    """One file of the bundle."""

    name: str
    content: Path | bytes

    @property
    def sha256(self) -> str:
        """Its hash, in hexadecimal."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return sha256_of(file)


def write_bundle(
    case: CaseFile, paper: Path, key: Ed25519PrivateKey | None, zone: ZoneInfo, target: Path
) -> dict[str, str]:
    """Write the ZIP; the SHA-256 of each file in it. Files are read block by block.

    `key`: the hub's, which signs the list of hashes; without one it goes unsigned.
    """
    items = [Item("case.pdf", paper), *_items(case)]
    sums = {item.name: item.sha256 for item in items}
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()
    items.append(Item(SUMS, listed))
    if key is not None:
        items.append(Item(f"{SUMS}.sig", key.sign(listed)))
    made = to_datetime(case.occasion.at_ms).astimezone(zone)
    with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
        for item in items:
            _add(archive, f"{case.name}/{item.name}", item, made)
    return sums


def _items(case: CaseFile) -> Iterator[Item]:
    yield Item("case.json", json.dumps(case.as_json(), ensure_ascii=False, indent=1).encode())
    for exhibit in case.exhibits:
        if exhibit.copy is not None:
            yield Item(f"evidence/{exhibit.copy_name}", exhibit.copy)
        if case.occasion.originals and exhibit.original is not None and exhibit.original != exhibit.copy:
            yield Item(f"originals/{exhibit.file.name}", exhibit.original)
    yield from _signed(case)
    yield Item("audit/steps.jsonl", "".join(_log_lines(case)).encode())
    end = {"seq": case.records.head_seq, "sha256": case.records.head_sha256}
    yield Item("audit/head.json", json.dumps(end).encode())
    if case.hub_key is not None:
        yield Item("hub.pub", case.hub_key.pem)
    yield Item("check.py", CHECK)
    readme = templates.env.get_template("export/README.txt").render(
        languages=[Translator(language) for language in LANGUAGES],
        number_text=case_number(case),
        originals=case.occasion.originals,
        signed=case.hub_key is not None,
        fingerprint=case.hub_key.sha256 if case.hub_key else "",
    )
    yield Item("README.txt", readme.encode())


def _signed(case: CaseFile) -> Iterator[Item]:
    """What came from the box, byte by byte, and beside it the bytes and signatures as openssl takes them."""
    payload, seal = case.records.payload, case.seal
    if case.records.row["kind"] != "lead":
        yield Item("box/report.json", payload)
        return
    yield Item("box/lead.json", payload)
    if seal.box_key is not None:
        wire = parse_json(payload)
        yield Item("box/lead.signed.json", canonical_json(wire))
        yield Item("box/lead.sig.raw", base64.b64decode(signature_of(wire).value))
        yield Item("box/box.pub", seal.box_key.pem)
    if seal.manifest is not None:
        yield Item("box/manifest.json", seal.manifest)
    if seal.signature is not None:
        yield Item("box/manifest.sig", seal.signature)
        yield Item("box/manifest.sig.raw", base64.b64decode(json.loads(seal.signature)["value"]))


def _log_lines(case: CaseFile) -> Iterator[str]:
    for step in case.records.log:
        told = {name: getattr(step, name) for name in step.__dataclass_fields__}
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _add(archive: zipfile.ZipFile, name: str, item: Item, made: datetime) -> None:
    info = zipfile.ZipInfo(name, made.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    if isinstance(item.content, bytes):
        archive.writestr(info, item.content)
        return
    info.file_size = item.content.stat().st_size
    with item.content.open("rb") as source, archive.open(info, "w") as out:
        while block := source.read(1 << 20):
            out.write(block)
