"""Which network a box shall run, and which it does run."""

from __future__ import annotations

from typing import Literal

from leads.base import Count, Ident, Label, Part, Prose, Sha256Hex, SignedMessage, UtcMs

Use = Literal["active", "shadow"]
"""`active` makes leads; `shadow` runs beside it and is only compared."""


class DesiredModel(Part):
    """A network that the box shall hold."""

    role: Ident
    """What it is for, e.g. vehicles."""
    name: Label
    """Name of the model."""
    sha256: Sha256Hex
    """SHA-256 of the weights; whatever has another one is not loaded."""
    bytes: Count
    """Size of the weights."""
    url: Label | None = None
    """Where to fetch it; null where it comes by hand."""
    use: Use
    """Whether it makes leads or is only compared."""


class ModelsDesired(SignedMessage):
    """What the hub wants a box to run. Hub to box, retained."""

    rollout_id: Ident
    """Id of the rollout."""
    revision: Count
    """Grows with each change; a lower one than the box holds is old."""
    issued_at: UtcMs
    """When it was issued."""
    models: tuple[DesiredModel, ...]
    """The networks."""


class ReportedModel(Part):
    """A network on the box."""

    role: Ident
    """What it is for."""
    name: Label
    """Name of the model."""
    sha256: Sha256Hex
    """SHA-256 of the weights."""
    state: Literal["fetching", "ready", "active", "shadow", "failed", "rolled_back"]
    """How far it is."""
    detail: Prose = ""
    """Why it failed or was rolled back."""


class ModelsReported(SignedMessage):
    """What a box runs. Box to hub, retained."""

    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """The box."""
    rollout_id: Ident | None = None
    """Rollout last taken up; null where none was."""
    revision: Count | None = None
    """Its revision."""
    at: UtcMs
    """When."""
    models: tuple[ReportedModel, ...]
    """The networks."""
