"""Features in pictures of whole scenes: find the vehicles, then look at each of them large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cameras.frame import Frame, Image
from detector.detections import Boxes, Detections
from detector.network import Network
from detector.nms import suppress

LEAST_SCORE = 0.3
"""Vehicles at least so sure are looked at large."""
MARGIN = 0.08
"""Round a vehicle's box, as a share of its width and height."""
LEAST_GAIN = 1.5
"""A cut-out is looked at where it comes into the network at least so much larger than with the whole picture."""
LEAST_SIDE = 48
"""Pixels of a cut-out's longer side below which nothing on the vehicle can be seen."""
SAME_IOU = 0.5
"""Boxes of one class, from different looks, that overlap more than this are one thing."""
MOST_BOXES = 300

Span = tuple[int, int, int, int]
"""x0, y0, x1, y1 of a cut-out in whole pixels; the last two are outside."""


class TwoLooks:
    """Finds features in a picture: in the whole of it, and in a cut-out of each vehicle that is small in it.

    A picture that one vehicle fills is looked at as it is and no more.
    """

    def __init__(self, vehicles: Network, features: Network) -> None:
        """`vehicles`: loaded with a min_score of LEAST_SCORE; `features`: the network whose boxes are wanted."""
        self._vehicles = vehicles
        self._features = features
        self._wanted = np.array([name != "person" for name in vehicles.class_names])

    def detect(self, picture: Frame | Image) -> Detections:
        """Features in pixels of the picture (BGR uint8 where it is an array), best first."""
        whole = self._features.detect([picture])[0]
        found = self._vehicles.detect([picture])[0]
        size = size_of(picture)
        spans = list(cut_outs(found.boxes[self._wanted[found.class_ids]], size, self._features.input_size))
        if not spans:
            return whole
        image = picture if isinstance(picture, np.ndarray) else picture.image
        near = self._features.detect([image[y0:y1, x0:x1] for x0, y0, x1, y1 in spans])
        return merged([whole, *(in_picture(seen, span, size) for seen, span in zip(near, spans, strict=True))])


def size_of(picture: Frame | Image) -> tuple[int, int]:
    """Width and height in pixels."""
    if isinstance(picture, np.ndarray):
        return picture.shape[1], picture.shape[0]
    return picture.width, picture.height


def cut_outs(vehicles: Boxes, size: tuple[int, int], input_size: tuple[int, int]) -> Iterator[Span]:
    """What to cut out of a picture of `size` round vehicles (N, 4), for a network that takes `input_size`."""
    width, height = size
    gap = (vehicles[:, 2:] - vehicles[:, :2]) * MARGIN
    low = np.floor(np.maximum(vehicles[:, :2] - gap, 0)).astype(int)
    high = np.ceil(np.minimum(vehicles[:, 2:] + gap, size)).astype(int)
    least_scale = LEAST_GAIN * min(input_size[0] / width, input_size[1] / height)
    for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True):
        across, down = x1 - x0, y1 - y0
        if min(across, down) < 1 or max(across, down) < LEAST_SIDE:
            continue
        if min(input_size[0] / across, input_size[1] / down) >= least_scale:
            yield x0, y0, x1, y1


def in_picture(seen: Detections, span: Span, size: tuple[int, int]) -> Detections:
    """What was seen in a cut-out, in pixels of the picture of `size`, without what the cut goes through."""
    x0, y0, x1, y1 = span
    boxes = seen.boxes + np.array([x0, y0, x0, y0], np.float32)
    cut = np.zeros(len(boxes), bool)
    for side, at, of_picture in ((0, x0, 0), (1, y0, 0), (2, x1, size[0]), (3, y1, size[1])):
        if at != of_picture:
            cut |= np.abs(boxes[:, side] - at) < 1
    return Detections(boxes, seen.scores, seen.class_ids)[~cut]


def merged(looks: Sequence[Detections]) -> Detections:
    """The boxes of several looks at one picture, in its pixels: of those that are one thing, the surest."""
    boxes = np.concatenate([look.boxes for look in looks])
    scores = np.concatenate([look.scores for look in looks])
    class_ids = np.concatenate([look.class_ids for look in looks])
    return Detections(boxes, scores, class_ids)[suppress(boxes, scores, class_ids, SAME_IOU, MOST_BOXES)]
