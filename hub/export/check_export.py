"""核对本文件夹是否与导出时一致 / Checks that this folder is what was exported.

用法 / usage:  python3 check.py        (Python 3.8 及以上，无需联网和其他软件 / 3.8 or later, nothing else, no network)

Checks every file against SHA256SUMS, that list against the hub's signature (hub.pub), the lead and the manifest against
the box's (box/box.pub), originals against the lead, and the extract of the log link by link. Ends with 0 where all
holds, with 1 where something does not, with 2 where it holds but is not signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Iterator, Optional  # noqa: UP035 - it has to run on old machines

HUSKS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What operating systems put into folders by themselves."""
UNLISTED = {"SHA256SUMS", "SHA256SUMS.sig"}


# ---- Ed25519, as RFC 8032, section 5.1.7 and the code of section 6

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = Any


def _x_of(y: int, sign: int) -> Optional[int]:  # noqa: UP045
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT % P
    if (x * x - square) % P != 0 or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _point(data: bytes) -> Point:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _add(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    o, p = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, p - o, p + o, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


_Y = 4 * pow(5, P - 2, P) % P
_BASE = (_x_of(_Y, 0), _Y, 1, (_x_of(_Y, 0) or 0) * _Y % P)


def signed_by(key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the owner of a public key (32 bytes) signed some bytes."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, given = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if public is None or given is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % Q
    left, right = _times(s, _BASE), _add(given, _times(h, public))
    return bool(
        (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0
    )


# ---- files


def key_of(path: Path) -> bytes:
    """The 32 bytes of a public key in PEM."""
    text = path.read_text(encoding="ascii").split("-----")[2]
    return base64.b64decode("".join(text.split()))[-32:]


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def canonical(value: Any) -> bytes:
    """JSON in the one form that is signed and hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def json_of(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


# ---- what is checked; each yields what is wrong


def files_faults(root: Path) -> Iterator[str]:
    """Every listed file is here and unchanged, and no other."""
    listed = {}
    for line in (root / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name, digest in sorted(listed.items()):
        path = root / name
        if not path.is_file():
            yield f"{name}: 缺失 / missing"
        elif sha256(path) != digest:
            yield f"{name}: 已被改动 / changed"
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in listed and name not in UNLISTED and path.name not in HUSKS:
            yield f"{name}: 导出后加入 / put there afterwards"


def list_faults(root: Path) -> Iterator[str]:
    """The hub signed the list."""
    data, signature = (root / "SHA256SUMS").read_bytes(), (root / "SHA256SUMS.sig").read_bytes()
    if not signed_by(key_of(root / "hub.pub"), signature, data):
        yield "SHA256SUMS: 签名不符 / the signature does not fit"


def log_faults(root: Path) -> Iterator[str]:
    """Each step of the extract is linked to the one before it, and signed by the hub."""
    key = key_of(root / "hub.pub") if (root / "hub.pub").exists() else None
    last = None
    for line in (root / "audit/steps.jsonl").read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        told = {name: step[name] for name in ("seq", "at_ms", "actor", "action", "number", "body")}
        link = hashlib.sha256(step["prev_sha256"].encode() + b"\n" + canonical(told)).hexdigest()
        if link != step["sha256"]:
            yield f"audit/steps.jsonl: 第 {step['seq']} 条已被改动 / step {step['seq']} was changed"
        elif key and not (step["signature"] and signed_by(key, base64.b64decode(step["signature"]), link.encode())):
            yield f"audit/steps.jsonl: 第 {step['seq']} 条签名不符 / step {step['seq']} is not signed by the hub"
        if last and last["seq"] + 1 == step["seq"] and last["sha256"] != step["prev_sha256"]:
            yield f"audit/steps.jsonl: 第 {step['seq']} 条与前一条不相接 / step {step['seq']} does not follow the last"
        last = step


def lead_faults(root: Path) -> Iterator[str]:
    """The box signed the lead, and the log holds its hash since it came."""
    lead = json_of(root / "box/lead.json")
    signature = base64.b64decode(lead.pop("signature")["value"])
    if not signed_by(key_of(root / "box/box.pub"), signature, canonical(lead)):
        yield "box/lead.json: 签名不符 / the signature does not fit"


def intake_faults(root: Path) -> Iterator[str]:
    """What came in is in the hub's log with this hash, since it came."""
    name = "box/lead.json" if (root / "box/lead.json").exists() else "box/report.json"
    digest = sha256(root / name)
    steps = (root / "audit/steps.jsonl").read_text(encoding="utf-8").splitlines()
    if not any(digest in json.loads(line)["body"] for line in steps):
        yield f"{name}: 日志节录中没有它的接收记录 / the extract of the log does not tell of its coming"


def manifest_faults(root: Path) -> Iterator[str]:
    """The manifest is the one the lead names, and the box signed it."""
    named = json_of(root / "box/lead.json")["evidence"]["manifest_sha256"]
    if sha256(root / "box/manifest.json") != named:
        yield "box/manifest.json: 与线索所载的 SHA-256 不符 / not the one that the lead names"
    if (root / "box/manifest.sig").exists():
        signature = base64.b64decode(json_of(root / "box/manifest.sig")["value"])
        if not signed_by(key_of(root / "box/box.pub"), signature, (root / "box/manifest.json").read_bytes()):
            yield "box/manifest.sig: 签名不符 / the signature does not fit"


def originals_faults(root: Path) -> Iterator[str]:
    """Originals, and what was taken out unchanged, have the hashes that lead or report names."""
    lead = root / "box/lead.json"
    message = json_of(lead if lead.exists() else root / "box/report.json")
    for file in message["evidence"]["files"] if "evidence" in message else message["files"]:
        for folder in ("originals", "evidence"):
            path = root / folder / file["name"]
            if path.exists() and sha256(path) != file["sha256"]:
                yield f"{folder}/{file['name']}: 与线索所载的 SHA-256 不符 / not the one that was announced"


CHECKS = (
    ("文件与清单一致 / files are as listed", files_faults, ("SHA256SUMS",)),
    ("清单由中心签名 / the hub signed the list", list_faults, ("SHA256SUMS.sig", "hub.pub")),
    ("线索由设备签名 / the box signed the lead", lead_faults, ("box/lead.json", "box/box.pub")),
    ("接收记录在日志中 / the log tells of its coming", intake_faults, ("audit/steps.jsonl",)),
    ("证据清单由设备签名 / the box signed the manifest", manifest_faults, ("box/manifest.json", "box/box.pub")),
    ("原件与线索所载一致 / originals are as announced", originals_faults, ()),
    ("日志节录逐条相接 / the log's extract is linked", log_faults, ("audit/steps.jsonl",)),
)


def main(root: Path) -> int:
    """Check all and say it; 0 where all holds, 1 where something does not, 2 where nobody signed."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    wrong = 0
    for what, check, needed in CHECKS:
        if any(not (root / name).exists() for name in needed):
            sys.stdout.write(f"[  --  ] {what}: 本导出不含此项 / not part of this export\n")
            continue
        try:
            faults = list(check(root))
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            faults = [f"无法读取 / cannot be read: {error}"]
        sys.stdout.write(f"[{'不符 NO' if faults else '通过 OK'}] {what}\n")
        for fault in faults:
            sys.stdout.write(f"          {fault}\n")
        wrong += len(faults)
    if (root / "hub.pub").exists():
        sys.stdout.write("\n中心公钥指纹 / fingerprint of the hub's key:\n")
        sys.stdout.write(f"  {hashlib.sha256(key_of(root / 'hub.pub')).hexdigest()}\n")
        sys.stdout.write(
            "请与向办案机关另行取得的指纹比对 / compare it with what the bureau tells you by another way\n"
        )
    if wrong:
        sys.stdout.write(f"\n共 {wrong} 处不符 / {wrong} things do not hold\n")
        return 1
    if not (root / "SHA256SUMS.sig").exists():
        sys.stdout.write("\n文件一致，但没有签名，不能证明由谁导出 / as listed, but nobody signed the list\n")
        return 2
    sys.stdout.write("\n全部通过 / all holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
