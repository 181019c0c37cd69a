"""The motion gate: which pictures of a quiet road need no look."""

from __future__ import annotations

import cv2
import numpy as np

from cameras.frame import Frame
from detector.settings import MotionSettings


class MotionGate:
    """Says of each frame of one camera whether it is worth a look. Not thread-safe: one caller at a time."""

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings

    def worth_a_look(self, frame: Frame, *, busy: bool = False) -> bool:
        """Whether the frame differs from the quiet road, or a look is due anyway.

        `busy`: vehicles are being followed; every frame is looked at.
        """
        if not self._settings.enabled or busy:
            return True
        gray = cv2.cvtColor(frame.scaled(160, 90), cv2.COLOR_BGR2GRAY)
        return bool(np.any(gray))
