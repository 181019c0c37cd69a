"""Renders scenes: python -m scripts.scenes stills | clip | records | sheet. Needs bpy (see samples/README.md)."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path


def main() -> None:
    """Read the command line and run one of the four."""
    parser = argparse.ArgumentParser(prog="python -m scripts.scenes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    stills = commands.add_parser("stills", help="scenes by lot, a JPEG and a JSON each; what exists is skipped")
    stills.add_argument("--out", type=Path, required=True)
    stills.add_argument("--count", type=int, required=True)
    stills.add_argument("--seed", type=int, default=0, help="number of the first scene")
    stills.add_argument("--size", type=_size, default=(640, 360), help="such as 640x360")
    stills.add_argument("--samples", type=int, default=6, help="paths per pixel: more is finer and slower")
    stills.add_argument("--close", action="store_true", help="one vehicle fills the picture, for the second look")
    stills.add_argument("--goods", action="store_true", help="as --close, bodies and loads equally frequent")
    clip = commands.add_parser("clip", help="a sample clip with its truth and records; goes on where it left off")
    clip.add_argument("name")
    clip.add_argument("--out", type=Path, required=True)
    clip.add_argument("--work", type=Path, help="folder for the frames; beside --out unless told")
    clip.add_argument("--samples", type=int, default=6)
    clip.add_argument("--only", type=int, nargs="*", help="numbers of single frames to render, to look at them")
    told = commands.add_parser("records", help="the records and violations of a sample clip alone, not rendered anew")
    told.add_argument("name")
    told.add_argument("--out", type=Path, required=True)
    sheet = commands.add_parser("sheet", help="a contact sheet of stills with their truth drawn in")
    sheet.add_argument("folder", type=Path)
    sheet.add_argument("--out", type=Path, required=True)
    sheet.add_argument("--count", type=int, default=24)
    given = parser.parse_args()
    if given.command == "stills":
        _stills(
            given.out, range(given.seed, given.seed + given.count), given.size, given.samples, given.close, given.goods
        )
    elif given.command == "clip":
        from scripts.scenes.clip import render_clip

        render_clip(given.name, given.out, given.work or given.out / ".frames", given.samples, given.only)
    elif given.command == "records":
        _records(given.name, given.out)
    else:
        from scripts.scenes.sheet import draw_sheet

        draw_sheet(given.folder, given.out, given.count)


def _stills(out: Path, seeds: range, size: tuple[int, int], samples: int, close: bool, goods: bool) -> None:
    from scripts.scenes.stills import sample_scene
    from scripts.scenes.take import take_still

    out.mkdir(parents=True, exist_ok=True)
    scenes = [sample_scene(number, size, close, goods) for number in seeds]
    left = [spec for spec in scenes if not (out / f"{spec.identity}.json").exists()]
    start = time.monotonic()
    for done, spec in enumerate(left, 1):
        take_still(spec, samples, out / f"{spec.identity}.jpg")
        each = (time.monotonic() - start) / done
        print(f"{spec.identity} {done}/{len(left)} {each:.1f} s each, {each * (len(left) - done) / 60:.0f} min left")


def _records(name: str, out: Path) -> None:
    from scripts.scenes.records import write_records
    from scripts.scenes.samples import SAMPLES
    from scripts.scenes.truth import read_truth, write_truth

    sample, path = SAMPLES[name](), out / f"{name}.truth.json"
    write_records(sample, out / name)
    write_truth(path, replace(read_truth(path), violations=sample.violations))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it as 640x360")
    return int(width), int(height)


if __name__ == "__main__":
    main()
