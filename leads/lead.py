"""The lead: one act of one vehicle, what was seen of it, how sure that is, and what proves it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from leads.base import (
    UNKNOWN,
    Count,
    FileName,
    FolderName,
    Ident,
    Label,
    Part,
    Prose,
    Score,
    Sha256Hex,
    SignedMessage,
    UlidText,
    UtcMs,
)

PlateColour = Literal[
    "blue",
    "yellow",
    "black",
    "white",
    "green",
    "gradient_green",
    "yellow_green",
    "farm_yellow",
    "farm_green",
    "blue_white",
    "red",
    "other",
    "unknown",
]
"""Plate colour as a word: the four numeric code sets in use clash, so none of them crosses the wire."""


class Plate(Part):
    """A number plate as read; a vehicle's identity is (`text`, `type`)."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    """The number as read; `-` stands for a character that could not be read."""
    type: Annotated[str, StringConstraints(pattern=r"^([0-9]{2}|unknown)$")] = UNKNOWN
    """Plate type by GA/T 16.7, two digits, or `unknown`."""
    colour: PlateColour = "unknown"
    """Colour of the plate, as a word."""
    score: Score
    """Confidence of the reading, 0..1."""


class CameraRef(Part):
    """The camera, and the place on the road it watches."""

    id: Ident
    """Id of the camera within its site."""
    place: Prose = ""
    """Name of the place, for people."""
    road_code: Label | None = None
    """Code of the road, e.g. G316."""
    stake: Label | None = None
    """Stake (桩号), e.g. K123+400."""
    lane: Label | None = None
    """Lane, by the site's own numbering."""
    direction: Label | None = None
    """Direction of travel, e.g. 上行."""


class PassageRef(Part):
    """The vehicle's pass before the camera that the lead was drawn from."""

    id: Label
    """Id of the passage within the box."""
    first_seen: UtcMs
    """When the vehicle was first seen."""
    last_seen: UtcMs
    """When it was last seen."""
    entry: Label | None = None
    """Where it came in, by the site's names of edges or zones."""
    exit: Label | None = None
    """Where it went out."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_seen < self.first_seen:
            raise ValueError("last_seen lies before first_seen: a passage cannot end before it starts")
        return self


class Vehicle(Part):
    """The vehicle as seen; what was not seen is null or the word `unknown`."""

    vehicle_class: Label
    """Class by the detector's vote, or `unknown`."""
    class_score: Score
    """Share of the vote for that class, 0..1."""
    plate: Plate | None = None
    """The plate, null where none was read."""


class Act(Part):
    """What seems to have been done, and the dated rule it seems to break."""

    rule_id: Ident
    """Rule of the rule table."""
    rule_version: Label
    """Version of that rule."""
    code: Ident
    """Code of the kind of lead, e.g. DG-03."""
    title: Label
    """Short name of the act."""
    summary: Prose
    """What was seen, worded as a suspicion."""
    zone: Label | None = None
    """Zone or line of the site it happened in."""
    legal_basis: tuple[Prose, ...] = ()
    """Articles the rule rests on."""
    confidence: Literal["verified", "unverified"] = "unverified"
    """Whether the rule's numbers were verified against the official text."""
    offence: Ident | None = None
    """Class of the bureau's catalogue of offences, e.g. overload."""
    unit: Label | None = None
    """Unit that is to receive it, by the catalogue."""


class Check(Part):
    """One condition of the rule, as it was tried."""

    what: Prose
    """The condition."""
    met: bool | None = None
    """Whether it is met; null where that is not known."""
    found: Prose = ""
    """What was found."""
    wanted: Prose = ""
    """What the rule asks for."""


class WeighRef(Part):
    """The weigh record that was matched to the vehicle."""

    pass_id: Label
    """The scale's id of the pass."""
    device_id: Ident
    """Id of the scale."""
    weighed_at: UtcMs
    """When it was weighed."""
    total_kg: Annotated[float, Field(ge=0)]
    """Total mass as measured, no tolerance taken off."""
    axle_count: Count | None = None
    """Axles by the scale."""
    match_confidence: Score
    """Confidence that record and vehicle belong together."""
    scale_class: Label | None = None
    """Accuracy class by JJG 907."""
    certified: bool | None = None
    """Whether the scale's certificate held; null where unknown."""
    announced: bool | None = None
    """Whether the weighing point was made public; null where unknown."""


class RegistryRef(Part):
    """What became of asking the register of vehicles."""

    plate: Prose = ""
    """Number that was asked for, doubtful or not."""
    source: Label = ""
    """Name of the register."""
    answered: Literal["found", "absent", "unreachable", "not_asked"]
    """Absent is no offence unless the register is complete for such vehicles."""
    as_of: UtcMs | None = None
    """How new its data are."""
    stale: bool = False
    """Whether they are older than the site allows."""
    use_nature: Label | None = None
    """Use by GA/T 16.3, one letter."""
    permits: tuple[Label, ...] = ()
    """Kinds of its permits that held at the time."""


class Fact(Part):
    """One thing seen or read, how sure, and where it can be looked at."""

    name: Ident
    """Name of the fact, e.g. dwell_s."""
    value: bool | int | float | Prose
    """The value, or the word `unknown`."""
    unit: Label | None = None
    """Unit of the value, null for a word or a bare count."""
    confidence: Score | None = None
    """Confidence 0..1, null where it is unknown."""
    shots: Count = 0
    """In how many frames it was seen."""
    proof: FileName | None = None
    """Evidence file that shows it."""

    @property
    def known(self) -> bool:
        """Whether the fact was seen at all."""
        return self.value != UNKNOWN


class ModelRef(Part):
    """A network that took part."""

    name: Label
    """Name of the model."""
    sha256: Sha256Hex
    """SHA-256 of its weights."""
    provider: Label
    """ONNX Runtime execution provider it ran on."""


class FileRef(Part):
    """One evidence file."""

    name: FileName
    """Name within the evidence folder."""
    kind: Ident
    """Kind, e.g. clip, panorama, close_up, overlay, track."""
    sha256: Sha256Hex
    """SHA-256 of its bytes."""
    bytes: Count
    """Size in bytes."""


class EvidenceRef(Part):
    """The evidence folder on the box, fixed by hashes and by its place in the box's chain."""

    folder: FolderName
    """Folder, relative to the box's evidence root."""
    manifest_sha256: Sha256Hex
    """SHA-256 of the signed manifest."""
    chain_seq: Count
    """Place in the box's chain of evidence."""
    chain_prev: Sha256Hex
    """Hash of the link before; 64 zeros for the first."""
    files: tuple[FileRef, ...] = ()
    """The files."""
    complete: bool
    """Whether all that was to be kept was kept."""
    missing: tuple[Label, ...] = ()
    """What could not be kept, by name."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.complete and self.missing:
            raise ValueError(f"evidence cannot be complete while {', '.join(self.missing)} is missing")
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two evidence files have one name: each name may stand once")
        return self


class Lead(SignedMessage):
    """One act, one lead: what was seen, how sure, and what proves it. Box to hub."""

    lead_id: UlidText
    """Id of the lead; the same act always gets the same one."""
    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """Box that made it."""
    occurred_at: UtcMs
    """When the act happened, by the stream's clock."""
    made_at: UtcMs
    """When the lead was made."""
    camera: CameraRef
    """Camera and place."""
    passage: PassageRef
    """Pass of the vehicle."""
    vehicle: Vehicle
    """Vehicle as seen."""
    act: Act
    """Act and rule."""
    suspect_level: Literal["low", "medium", "high"]
    """How strong the suspicion is."""
    evidence_grade: Literal["A", "B", "C", "none"]
    """Grade of the evidence by the checklist of the kind of lead."""
    facts: tuple[Fact, ...] = ()
    """What was seen."""
    checks: tuple[Check, ...] = ()
    """Why the rule fired: its conditions in the order they were tried."""
    weigh: WeighRef | None = None
    """The vehicle's weigh record; null where there is none."""
    registry: RegistryRef | None = None
    """What the register said; null where none was asked."""
    prior_count: Count | None = None
    """Acts of the vehicle in the last 365 days, as the hub last told the box: 0 is a first offence; null is unknown."""
    grading: tuple[Check, ...] = ()
    """What the grade of the evidence hangs on, and whether it is there."""
    models: tuple[ModelRef, ...] = ()
    """Networks that took part."""
    rules_sha256: Sha256Hex
    """SHA-256 of the rule table in force."""
    clock_error_ms: float | None = None
    """How far the box's clock was off, in ms; null where it is unknown."""
    evidence: EvidenceRef
    """The evidence folder."""
    one_act_key: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    """What makes this act one and the same (一事不再罚)."""
    repeat_count: Count = 0
    """How often the same act was seen again and laid to this lead."""

    @model_validator(mode="after")
    def _proved(self) -> Self:
        names = {file.name for file in self.evidence.files} | set(self.evidence.missing)
        unproved = [fact.name for fact in self.facts if fact.proof is not None and fact.proof not in names]
        if unproved:
            raise ValueError(
                f"the proof of {', '.join(unproved)} is neither among the evidence files nor said to be missing"
            )
        return self


LEAD_MAX_BYTES: Final = 256 * 1024
"""A lead carries hashes, not pictures; whatever is larger is refused unread."""
