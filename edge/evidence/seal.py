"""Sealing: a draft folder becomes evidence, hashed, chained and signed, and the lead that points to it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cameras import StreamError
from cameras.clip import grab
from edge.durable import sync_folder, write_durably
from edge.evidence import draft as drafts
from edge.evidence.draft import Draft
from edge.evidence.facts import CLOSE_UP
from edge.evidence.manifest import (
    CHAIN_START,
    LEAD,
    MANIFEST,
    SIGNATURE,
    ClipFacts,
    Manifest,
    file_ref,
    hash_file,
)
from edge.evidence.pictures import Caption, write_overlay, write_picture
from edge.outbox import ChainHead, RecoveredLead
from leads import Check, EvidenceRef, FileRef, Lead, LeadUpdate, encode, sign, sign_bytes

MOST_FACTS = 20
"""Of an update: it says what was seen again, in short."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed folder and its lead."""

    lead: Lead
    payload: bytes
    chain: ChainHead
    folder: Path


class Sealer:
    """Seals drafts; one at a time, since each manifest names the one before."""

    def __init__(
        self, root: Path, key: Ed25519PrivateKey, zone: ZoneInfo, jpeg_quality: int, wall_clock: Callable[[], datetime]
    ) -> None:
        self._root = root
        self._key = key
        self._zone = zone
        self._quality = jpeg_quality
        self._wall_clock = wall_clock

    def seal(self, pending: Path, head: ChainHead | None) -> Sealed:
        """Make the pictures, the manifest, the signature and the lead, and move the folder to its place.

        `head`: the last link of the chain so far. May be repeated on the same folder after a failure.
        """
        draft = drafts.read_draft(pending)
        files, missing = self._gather(pending, draft)
        _remove_leftovers(pending, files)
        manifest = Manifest(
            lead_id=draft.lead_id,
            site_id=draft.site_id,
            box_id=draft.box_id,
            chain_seq=head.seq + 1 if head else 1,
            chain_prev=head.hash if head else CHAIN_START,
            made_at=self._wall_clock(),
            software=f"lushao {importlib.metadata.version('lushao')}",
            files=tuple(files),
            clip=_clip_facts(draft) if (pending / drafts.CLIP).is_file() else None,
            missing=missing,
            details=draft.model_dump(
                mode="json", include={"camera", "passage", "vehicle", "act", "models", "rules_sha256"}
            ),
        )
        data = manifest.model_dump_json(indent=1).encode()
        write_durably(pending / MANIFEST, data)
        write_durably(pending / SIGNATURE, sign_bytes(data, self._key).model_dump_json().encode())
        digest = sha256(data).hexdigest()
        day = f"{draft.occurred_at:%Y%m%d}"
        lead = sign(_lead(draft, manifest, digest, f"{day}/{draft.lead_id}"), self._key)
        payload = encode(lead)
        write_durably(pending / LEAD, payload)
        return Sealed(lead, payload, ChainHead(manifest.chain_seq, digest), self._settle(pending, day, draft.lead_id))

    def update(self, draft: Draft, lead_id: str, repeat_count: int) -> bytes:
        """The signed update that a draft becomes whose act has its lead already. It takes no place in the chain."""
        update = LeadUpdate(
            update_id=draft.lead_id,
            lead_id=lead_id,
            site_id=draft.site_id,
            box_id=draft.box_id,
            rule_id=draft.act.rule_id,
            camera=draft.camera,
            passage=draft.passage,
            occurred_at=draft.occurred_at,
            repeat_count=repeat_count,
            facts=tuple(fact.model_copy(update={"proof": None}) for fact in draft.facts[:MOST_FACTS]),
            one_act_key=draft.act_key,
        )
        return encode(sign(update, self._key))

    def _gather(self, pending: Path, draft: Draft) -> tuple[list[FileRef], tuple[str, ...]]:
        missing = list(draft.missing)
        files = [file_ref(pending / drafts.DRAFT, "draft"), file_ref(pending / drafts.TRACK, "track")]
        files += self._panoramas(pending, draft, missing)
        shots = [shot for shot in draft.pictures if (pending / f"{shot.name}.jpg").is_file()]
        for shot in shots:
            original = pending / f"{shot.name}.jpg"
            overlay = write_overlay(pending, original, shot.boxes, self._caption(draft, shot.taken_at), self._quality)
            kind = "close_up" if shot.name == CLOSE_UP else "shot"
            files += [file_ref(original, kind), file_ref(overlay, "overlay")]
        if not any(shot.name == CLOSE_UP for shot in shots):
            missing.append("close-up: no whole view of the vehicle was had")
        return files, tuple(missing)

    def _panoramas(self, pending: Path, draft: Draft, missing: list[str]) -> list[FileRef]:
        clip, path = draft.clip, pending / drafts.CLIP
        if clip is None or not path.is_file():
            missing.append("panoramas: there is no clip to take them from")
            return []
        if not clip.complete:
            missing.append(f"clip in part: {clip.missing or 'cut short'}"[:200])
        files = [file_ref(path, "clip")]
        track = drafts.read_track(pending)
        within = [m for m in draft.moments_s if clip.start_s - 0.05 <= m <= clip.end_s + 0.05]
        try:
            images = grab(path, [max(m - clip.start_s, 0.0) for m in within])
        except StreamError as error:
            missing.append(f"panoramas: the clip cannot be decoded: {error}"[:200])
            return files
        for number, (moment, image) in enumerate(zip(within, images, strict=True), start=1):
            original = write_picture(pending, f"panorama-{number}", image, self._quality)
            taken_at = draft.anchor_at + timedelta(seconds=moment - draft.anchor_s)
            box = drafts.track_box(track, moment)
            overlay = write_overlay(
                pending, original, [] if box is None else [box], self._caption(draft, taken_at), self._quality
            )
            files += [file_ref(original, "panorama"), file_ref(overlay, "overlay")]
        if len(within) < len(draft.moments_s):
            missing.append(
                f"panoramas: {len(draft.moments_s) - len(within)} of {len(draft.moments_s)} lie outside the clip"
            )
        return files

    def _caption(self, draft: Draft, taken_at: datetime) -> Caption:
        return Caption(taken_at, draft.camera, draft.box_id, self._zone)

    def _settle(self, pending: Path, day: str, lead_id: str) -> Path:
        parent = self._root / day
        parent.mkdir(exist_ok=True)
        place = parent / lead_id
        sync_folder(pending)
        pending.rename(place)
        sync_folder(parent)
        sync_folder(self._root)
        return place


def _remove_leftovers(pending: Path, files: list[FileRef]) -> None:
    """Remove what an earlier try, cut short, left: it would look as if it had been put there afterwards."""
    names = {f.name for f in files}
    for path in [p for p in pending.iterdir() if p.name not in names]:
        path.unlink()


def _clip_facts(draft: Draft) -> ClipFacts | None:
    clip = draft.clip
    if clip is None:
        return None
    return ClipFacts(
        file=drafts.CLIP,
        codec=clip.codec,
        duration_s=round(clip.end_s - clip.start_s, 3),
        offset_s=round(clip.offset_s, 3),
        act_from_s=round(draft.act_from_s - clip.start_s, 3),
        act_proven_s=round(draft.act_proven_s - clip.start_s, 3),
        complete=clip.complete,
        missing=clip.missing,
    )


def _lead(draft: Draft, manifest: Manifest, digest: str, folder: str) -> Lead:
    names = {f.name for f in manifest.files}
    proof_conditions = _proof_conditions(draft, manifest)
    proof = next(n for n in ("panorama-2.jpg", "panorama-1.jpg", drafts.TRACK) if n in names)
    return Lead(
        lead_id=draft.lead_id,
        site_id=draft.site_id,
        box_id=draft.box_id,
        occurred_at=draft.occurred_at,
        made_at=manifest.made_at,
        camera=draft.camera,
        passage=draft.passage,
        vehicle=draft.vehicle,
        act=draft.act,
        suspect_level=draft.suspect_level,
        evidence_grade=_grade(draft, manifest, proof_conditions),
        facts=tuple(f.model_copy(update={"proof": f.proof if f.proof in names else proof}) for f in draft.facts),
        checks=draft.checks,
        weigh=draft.weigh,
        registry=draft.registry,
        prior_count=draft.prior_count,
        grading=(*proof_conditions, *draft.conditions),
        models=draft.models,
        rules_sha256=draft.rules_sha256,
        clock_error_ms=draft.clock_error_ms,
        evidence=EvidenceRef(
            folder=folder,
            manifest_sha256=digest,
            chain_seq=manifest.chain_seq,
            chain_prev=manifest.chain_prev,
            files=manifest.files,
            complete=not manifest.missing,
            missing=tuple(m[:200] for m in manifest.missing),
        ),
        one_act_key=draft.act_key,
    )


def _proof_conditions(draft: Draft, manifest: Manifest) -> tuple[Check, ...]:
    """What the pictures, the clip and the clock give to the grade."""
    kinds = [f.kind for f in manifest.files]
    whole = Check(what="all evidence is there", met=not manifest.missing, found="; ".join(manifest.missing)[:2000])
    panorama = Check(what="a panorama", met="panorama" in kinds, found=f"{kinds.count('panorama')}", wanted="1")
    terms = draft.proof
    if terms is None:
        return (whole, panorama)
    shown = {f.name for f in draft.facts if f.known and f.proof is not None}
    length = draft.clip.end_s - draft.clip.start_s if draft.clip else 0.0
    least_s, most_ms, clock = terms.least_video.value, 1000 * terms.most_clock_error.value, draft.clock_error_ms
    return (
        whole,
        panorama,
        Check(what="head picture with a readable plate", met="plate_front" in shown),
        Check(what="side picture with the wheels on the ground", met="axle_count" in shown),
        Check(what="tail picture with a plate", met=bool(shown & {"plate_rear", "plate_trailer"})),
        Check(what="video", met=length >= least_s, found=f"{length:.1f} s", wanted=f"{least_s:g} s"),
        Check(
            what="clock error",
            met=None if clock is None else clock <= most_ms,
            found="unknown" if clock is None else f"{clock:g} ms",
            wanted=f"at most {most_ms:g} ms",
        ),
    )


def _grade(draft: Draft, manifest: Manifest, proof: Sequence[Check]) -> Literal["A", "B", "C"]:
    """A: every condition is met. B: nothing that the rule asks for is amiss, and there is a panorama. C: less."""
    if all(check.met for check in (*proof, *draft.conditions)):
        return "A"
    amiss = any(check.met is False for check in draft.conditions)
    return "B" if not amiss and any(f.kind == "panorama" for f in manifest.files) else "C"


def sealed_in(folder: Path) -> RecoveredLead:
    """Read a sealed lead back, for an outbox that does not hold it."""
    payload = (folder / LEAD).read_bytes()
    lead = Lead.model_validate_json(payload)
    draft = folder / drafts.DRAFT
    act = drafts.read_draft(folder).place if draft.exists() else None
    chain = ChainHead(lead.evidence.chain_seq, hash_file(folder / MANIFEST))
    return RecoveredLead(lead.lead_id, lead.one_act_key, payload, lead.occurred_at, act, chain)
