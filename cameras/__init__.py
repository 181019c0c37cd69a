"""Pixels in: a source becomes frames with a capture time; the same packets become clips."""

from cameras.clip import ClipInfo
from cameras.errors import ErrorKind, StreamError
from cameras.frame import Frame, Image
from cameras.reader import CameraReader
from cameras.ring import ClipReservation, PacketRing
from cameras.settings import CameraSettings
from cameras.status import StreamState, StreamStatus

__all__ = [
    "CameraReader",
    "CameraSettings",
    "ClipInfo",
    "ClipReservation",
    "ErrorKind",
    "Frame",
    "Image",
    "PacketRing",
    "StreamError",
    "StreamState",
    "StreamStatus",
]
