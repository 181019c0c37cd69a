"""What the signs in a picture say: found by one small network, read by another."""

from __future__ import annotations

from pathlib import Path

import cv2

from cameras.frame import Image
from detector.sign import Sign
from detector.sign_finder import SignFinder
from detector.sign_reader import SignReader
from models.bundled import WEIGHTS
from models.manifest import WeightsManifest


class SignLook:
    """Finds and reads signs; may be used from several threads."""

    def __init__(self, finder: SignFinder, reader: SignReader) -> None:
        self._finder = finder
        self._reader = reader

    @classmethod
    def load(cls, threads: int = 1, folder: Path = WEIGHTS) -> SignLook:
        """With the networks of a folder, the bundled ones if none is named, each on so many threads.

        Raises `ModelError` when one cannot be used.
        """
        # OpenCV's own threads would only take the cores from the networks.
        cv2.setNumThreads(1)
        return cls(SignFinder(folder / "sign_finder.onnx", threads), SignReader(folder / "sign_reader.onnx", threads))

    @property
    def manifests(self) -> tuple[WeightsManifest, WeightsManifest]:
        """Of both networks."""
        return self._finder.manifest, self._reader.manifest

    def signs(self, picture: Image) -> list[Sign]:
        """Plates, panels and diamonds in a picture (BGR uint8), the surest found first."""
        found = self._finder.find(picture)
        read = self._reader.read(picture, [one.corners for one in found])
        return [sign for sign in read if sign is not None]

    def crop(self, picture: Image) -> list[Sign]:
        """The one sign of a cut-out (BGR uint8), or none."""
        sign = self._reader.read_crop(picture)
        return [] if sign is None else [sign]
