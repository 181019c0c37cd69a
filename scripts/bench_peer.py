"""Run by another interpreter: ultralytics tracks a video, and says in one line of JSON how fast it was.

usage: PYTHON bench_peer.py MODEL VIDEO MIN_SCORE
"""

from __future__ import annotations

import json
import sys
import time


def main(model: str, video: str, min_score: str) -> None:
    """Track the whole video twice, the first time to warm up."""
    from ultralytics import YOLO

    network = YOLO(model, task="detect")
    boxes = frames = 0
    seconds = cpu_s = 0.0
    for warm in (False, True):
        start, cpu = time.perf_counter(), time.process_time()
        for result in network.track(
            video,
            stream=True,
            persist=True,
            tracker="bytetrack.yaml",
            conf=float(min_score),
            device="cpu",
            verbose=False,
        ):
            if warm:
                frames, boxes = frames + 1, boxes + len(result.boxes)
            elif (frames := frames + 1) == 20:
                break
        seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        frames = frames if warm else 0
    print(json.dumps({"fps": frames / seconds, "cpu_ms": 1000 * cpu_s / frames, "boxes": boxes / frames}))


if __name__ == "__main__":
    main(*sys.argv[1:])
