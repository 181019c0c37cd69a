"""Evidence of real passes, cut from the sample clips: film, track, draft and pictures, sealed as a box seals them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.clip import StoredPacket, StreamHeader, write_clip
from leads import Check, EvidenceRef, Fact, FileRef, Lead, Plate, Vehicle, WeighRef, encode, sign, sign_bytes
from tests.hub_worlds import BOX_KEY, ROOT
from tests.unit.hub.sealed import SealedLead
from tests.unit.leads.samples import NOON, ZEROS, sample_lead

SAMPLES: Final = ROOT / "samples"
Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pass:
    """One vehicle's pass in a sample, and what is cut out of it. Times `_s` are seconds of the sample."""

    sample: str
    vehicle: str
    from_s: float
    """A key frame of the sample (there is one every two seconds): the clip begins with it."""
    to_s: float
    act_from_s: float
    act_proven_s: float

    def box_at(self, at_s: float) -> Box | None:
        """Where the vehicle truly is in the frame that is shown at a time."""
        return _boxes(self.sample, self.vehicle).get(round(at_s * 10))

    def frame(self, at_s: float) -> Image:
        """The picture at a time, BGR uint8 (height, width, 3)."""
        return _frames(self.sample)[round(at_s * 10)]


TIPPER: Final = Pass("overload-checkpoint", "tipper", 2.0, 6.0, 3.0, 3.5)
SEMI: Final = Pass("overload-checkpoint", "semi-over", 2.0, 8.0, 4.0, 6.0)


@cache
def _truth(sample: str) -> Any:
    return json.loads((SAMPLES / f"{sample}.truth.json").read_text(encoding="utf-8"))


@cache
def _boxes(sample: str, vehicle: str) -> dict[int, Box]:
    """Boxes by number of the frame."""
    return {
        number: tuple(found["box"])
        for number, frame in enumerate(_truth(sample)["frames"])
        for found in frame["objects"]
        if found["identity"] == vehicle
    }


@cache
def _plate_box(sample: str, vehicle: str, number: int) -> Box | None:
    for found in _truth(sample)["frames"][number]["objects"]:
        if found["identity"] == vehicle:
            return next((tuple(part["box"]) for part in found["parts"] if part["class"] == "plate"), None)
    return None


@cache
def _frames(sample: str) -> Sequence[Image]:
    with av.open(str(SAMPLES / f"{sample}.mp4")) as film:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in film.decode(video=0)]


@cache
def clip(passed: Pass) -> bytes:
    """The film of a pass: packets of the sample as they are."""
    with av.open(str(SAMPLES / f"{passed.sample}.mp4")) as film, TemporaryDirectory() as folder:
        stream = film.streams.video[0]
        header = StreamHeader(stream)
        base = float(header.time_base)
        packets = [
            StoredPacket(p.pts, p.dts, p.duration or 0, p.is_keyframe, p.pts * base, p.dts * base, bytes(p))
            for p in film.demux(stream)
            if p.pts is not None and p.dts is not None and passed.from_s - 1e-6 <= p.pts * base < passed.to_s - 1e-6
        ]
        assert packets[0].keyframe, "a clip begins with a key frame"
        path = Path(folder) / "clip.mp4"
        write_clip(path, header, packets)
        return path.read_bytes()


def _jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return data.tobytes()


@cache
def evidence_files(passed: Pass, lead_id: str, occurred_at: datetime) -> dict[str, tuple[str, bytes]]:
    """Kind and content of each file by its name; the stream begins with the sample."""
    rows = [[n / 10, *box, 0.9, 1] for n, box in sorted(_boxes(passed.sample, passed.vehicle).items())]
    track = {"passage": "p", "camera": "gantry-up", "session": 0, "width": 1280, "height": 720, "boxes": rows}
    shot_s = passed.act_from_s
    x0, y0, x1, y1 = (round(v) for v in passed.box_at(shot_s) or (0, 0, 1280, 720))
    plate = _plate_box(passed.sample, passed.vehicle, round(shot_s * 10))
    in_crop = [] if plate is None else [[plate[0] - x0, plate[1] - y0, plate[2] - x0, plate[3] - y0]]
    taken_at = (occurred_at + timedelta(seconds=shot_s - passed.act_from_s)).isoformat()
    draft = {
        "lead_id": lead_id,
        "anchor_at": occurred_at.isoformat(),
        "anchor_s": passed.act_from_s,
        "act_from_s": passed.act_from_s,
        "act_proven_s": passed.act_proven_s,
        "moments_s": [passed.act_from_s, passed.act_proven_s],
        "pictures": [{"name": "close-up", "taken_at": taken_at, "boxes": in_crop}],
        "clip": {"codec": "h264", "start_s": passed.from_s, "end_s": passed.to_s, "offset_s": 0.0, "complete": True},
    }
    return {
        "draft.json": ("draft", json.dumps(draft).encode()),
        "track.json": ("track", json.dumps(track).encode()),
        "clip.mp4": ("clip", clip(passed)),
        "panorama-1.jpg": ("panorama", _jpeg(passed.frame(passed.act_from_s))),
        "panorama-2.jpg": ("panorama", _jpeg(passed.frame(passed.act_proven_s))),
        "close-up.jpg": ("close_up", _jpeg(passed.frame(shot_s)[y0:y1, x0:x1])),
    }


def seal_pass(number: int, passed: Pass = TIPPER, *, plate: str = "闽H31782", level: str = "high") -> SealedLead:
    """A lead with the evidence of a pass; each number is another act, `number` minutes after noon."""
    at = NOON + timedelta(minutes=number)
    bare = sample_lead(number)
    contents = evidence_files(passed, bare.lead_id, at)
    refs = tuple(
        FileRef(name=name, kind=kind, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        for name, (kind, data) in contents.items()
    )
    manifest = {"lead_id": bare.lead_id, "site_id": bare.site_id, "box_id": bare.box_id, "chain_seq": number}
    manifest |= {"chain_prev": ZEROS, "files": [ref.model_dump() for ref in refs]}
    signed = json.dumps(manifest, indent=1).encode()
    lead = sign(_told(bare, at, plate, level, refs, signed), BOX_KEY)
    signature = sign_bytes(signed, BOX_KEY).model_dump_json().encode()
    files = {name: data for name, (_, data) in contents.items()}
    return SealedLead(lead, encode(lead), {**files, "manifest.json": signed, "manifest.sig": signature})


def _told(bare: Lead, at: datetime, plate: str, level: str, refs: tuple[FileRef, ...], manifest: bytes) -> Lead:
    evidence = EvidenceRef(
        folder=f"20261123/{bare.lead_id}",
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        chain_seq=1,
        chain_prev=ZEROS,
        files=refs,
        complete=True,
    )
    act = bare.act.model_copy(
        update={
            "rule_id": "OL-01",
            "code": "OL-01",
            "title": "超限运输",
            "summary": "疑似超限运输：称重 39.24 t，4 轴限值 31 t",
            "offence": "overload",
        }
    )
    facts = (
        Fact(name="mass_kg", value=39240.0, unit="kg", confidence=1.0, proof="panorama-2.jpg"),
        Fact(name="limit_kg", value=31000.0, unit="kg", proof="panorama-2.jpg"),
        Fact(name="over_kg", value=8240.0, unit="kg", proof="panorama-2.jpg"),
        Fact(name="plate_front", value=plate, confidence=0.97, shots=3, proof="close-up.jpg"),
        Fact(name="axle_count", value=4, confidence=0.99, shots=5, proof="panorama-1.jpg"),
        Fact(name="load", value="heaped", confidence=0.61, shots=1, proof="close-up.jpg"),
        Fact(name="load_doubt", value="seen in one shot alone", proof="close-up.jpg"),
    )
    changes: dict[str, Any] = {
        "occurred_at": at,
        "made_at": at + timedelta(seconds=8),
        "vehicle": Vehicle(
            vehicle_class="truck",
            class_score=0.93,
            plate=Plate(text=plate, type="01", colour="yellow", score=0.97),
        ),
        "act": act,
        "suspect_level": level,
        "facts": facts,
        "checks": (
            Check(what="there is a weigh record", met=True),
            Check(what="mass", met=True, found="39240 kg: 39240 kg less 0 %", wanted="over 31000 kg"),
        ),
        "grading": (Check(what="a panorama", met=True, found="2", wanted="1"), Check(what="clock error", met=None)),
        "weigh": WeighRef(
            pass_id="1", device_id="scale-1", weighed_at=at, total_kg=39240, axle_count=4, match_confidence=1
        ),
        "evidence": evidence,
        "one_act_key": f"OL-01|box-1|{at:%H%M%S}",
    }
    return bare.model_copy(update=changes)
