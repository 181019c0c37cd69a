"""The film is replayed, and what was seen is shown on it where it was."""

from __future__ import annotations

from base64 import b64encode
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream
from playwright.sync_api import Page, Route

from hub.store.tables import files
from tests.integration.console.conftest import Console, at, opened, playing, until
from tests.integration.console.films import SEMI, TIPPER, Image, Pass

DRAWN_BOX = """() => {
  // The outermost pixels of the vehicle's colour on the canvas, in pixels of the picture.
  const canvas = document.querySelector('#stage canvas');
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const laid = document.querySelector('video').style.transform;
  const [, x, y, k] = /translate\\((.+)px, (.+)px\\) scale\\((.+)\\)/.exec(laid).map(Number);
  const columns = new Map(), rows = new Map();
  for (let i = 0; i < width * height; i += 1) {
    if (data[4 * i] < 240 || data[4 * i + 1] < 190 || data[4 * i + 2] > 40 || data[4 * i + 3] < 200) continue;
    const [column, row] = [i % width, Math.floor(i / width)];
    columns.set(column, (columns.get(column) ?? 0) + 1);
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  // Lines are long; the label is not.
  const lines = (counts) => [...counts].filter(([, n]) => n > 60).map(([place]) => place);
  const [left, right] = [Math.min(...lines(columns)), Math.max(...lines(columns)) + 1];
  const bottom = Math.max(...lines(rows)) + 1;
  // Up from the bottom line, halfway along: what comes next is the top line, with perhaps the label above it.
  const middle = Math.floor((left + right) / 2);
  const coloured = (row) => data[4 * (row * width + middle)] > 240 && data[4 * (row * width + middle) + 2] < 40;
  let top = bottom - 4;
  while (top > 0 && !coloured(top)) top -= 1;
  top -= 1;
  return [(left + 1 - x) / k, (top + 1 - y) / k, (right - 1 - x) / k, (bottom - 1 - y) / k];
}"""
PAINTED = """() => {
  const canvas = document.querySelector('#stage canvas');
  return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
}"""
SHOWN = """() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [160, 90];
  const pen = canvas.getContext('2d');
  pen.drawImage(document.querySelector('video'), 0, 0, 160, 90);
  return [...pen.getImageData(0, 0, 160, 90).data].filter((_, i) => i % 4 === 1);
}"""


def _small(image: Image) -> Any:
    return cv2.resize(image[:, :, 1], (160, 90), interpolation=cv2.INTER_AREA).astype(float)


def _shown_frame(page: Page, passed: Pass) -> float:
    """Time in the sample of the frame that the browser shows, by its pixels."""
    shown = np.array(page.evaluate(SHOWN), float).reshape(90, 160)
    times = [n / 10 for n in range(round(passed.from_s * 10), round(passed.to_s * 10))]
    return min(times, key=lambda t: float(np.abs(_small(passed.frame(t)) - shown).mean()))


def _go(page: Page, clip_s: float) -> None:
    """Show the frame of a time of the clip, and wait until it is on the screen."""
    page.evaluate("s => { const v = document.querySelector('video'); v.pause(); v.currentTime = s; }", clip_s)
    seeking = "document.querySelector('video').seeking"
    until(lambda: abs(at(page) - clip_s) < 0.1 and not page.evaluate(seeking), "the frame")
    page.wait_for_timeout(150)


def _arrive(page: Page, clip_s: float) -> None:
    """Wait until the frame of a time of the clip is on the screen."""
    until(lambda: at(page) == pytest.approx(clip_s, abs=1e-3), f"the frame at {clip_s:.1f} s")


def test_a_clip_plays_by_itself_and_its_moment_is_looped(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    seen = []
    for _ in range(60):
        seen.append(at(page))
        page.wait_for_timeout(100)
    # The act is from 1.0 to 1.5 s of the clip; a second before and after belong to it, and then it begins anew.
    assert min(seen) >= 0.0
    assert max(seen) <= 3.2
    assert any(later < earlier - 1 for earlier, later in pairwise(seen)), "it begins anew"


@pytest.mark.parametrize("passed", [TIPPER, SEMI], ids=["tipper", "semi-trailer"])
def test_the_box_is_drawn_where_the_vehicle_is_in_the_frame_on_the_screen(console: Console, passed: Pass) -> None:
    console.lead(passed=passed)
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.keyboard.press("l")
    boxes = []
    for clip_s in (0.55, 1.25, 1.95):
        _go(page, clip_s)
        truly = passed.box_at(at(page) + passed.from_s)
        assert truly is not None
        assert _shown_frame(page, passed) == pytest.approx(at(page) + passed.from_s, abs=1e-3), "the frame itself"
        drawn = page.evaluate(DRAWN_BOX)
        boxes.append(drawn)
        assert drawn == pytest.approx(truly, abs=4), f"{clip_s} s into the clip"
    assert boxes[2][2] - boxes[0][2] > 20, "it moves with the vehicle"


def test_keys_step_by_the_films_own_frames(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.keyboard.press(" ")
    page.wait_for_timeout(300)
    began = at(page)
    for step in (1, 2, 3):
        page.keyboard.press(".")
        _arrive(page, began + step / 10)
    page.keyboard.press(",")
    _arrive(page, began + 0.2)
    assert _shown_frame(page, TIPPER) == pytest.approx(began + 0.2 + TIPPER.from_s, abs=1e-3)


def test_one_key_shows_the_plate_near_and_back(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.keyboard.press("z")
    page.wait_for_selector('#stage[data-shows="picture"]')
    until(lambda: float(page.locator("#stage").get_attribute("data-zoom") or 0) > 5, "near to the plate")
    assert page.locator("#stage-name").inner_text() == "close-up.jpg"
    page.keyboard.press("z")
    page.wait_for_selector('#stage[data-shows="video"]')


def test_boxes_can_be_taken_away(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.keyboard.press(" ")
    until(lambda: page.evaluate(PAINTED), "a box")
    page.keyboard.press("o")
    assert not page.evaluate(PAINTED)


def test_a_fact_leads_to_the_picture_that_proves_it(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.locator('tr[data-fact="axle_count"]').click()
    page.wait_for_selector('#stage[data-shows="picture"]')
    assert page.locator("#stage-name").inner_text() == "panorama-1.jpg"
    page.keyboard.press("1")
    until(lambda: page.locator("#stage-name").inner_text() == "close-up.jpg", "the first picture")
    page.keyboard.press("Escape")
    page.wait_for_selector('#stage[data-shows="video"]')


def test_a_clip_that_is_still_at_the_box_is_asked_for_and_plays_when_it_has_come(console: Console) -> None:
    sealed = console.lead(clip=False)
    page = console.operator()
    opened(page, 1)
    page.wait_for_selector('#stage[data-shows="picture"]')
    page.locator("#stage-note button").click()
    until(lambda: "已通知" in page.locator("#stage-note").inner_text(), "that it was asked for")
    with console.world.parts.database.read() as connection:
        row = connection.execute(files.select().where(files.c.name == "clip.mp4")).one()
    assert row.wanted_ms is not None
    console.keep(sealed, "clip.mp4")
    playing(page)
    assert page.locator("#stage-note").is_hidden()


def test_a_fetch_is_asked_for_by_key_alone(console: Console) -> None:
    """No mouse: pictures are looked at and the lead is decided before its clip has come."""
    console.lead(clip=False)
    page = console.operator()
    opened(page, 1)
    page.keyboard.press("2")
    until(lambda: page.locator("#stage-name").inner_text() == "panorama-1.jpg", "the second picture")
    page.keyboard.press("y")
    page.wait_for_selector("#rows .empty")


def test_a_copy_for_viewing_is_waited_for_while_the_hub_makes_it(console: Console) -> None:
    console.lead()
    asked: list[str] = []

    def prepared(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) < 3:
            route.fulfill(status=202, json={"detail": "in the making"}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page = console.operator(path="/search")
    page.route("**/clip.mp4?viewing=1", prepared)
    page.goto(console.served.url + "/queue")
    opened(page, 1)
    page.wait_for_selector('#stage[data-shows="picture"]')
    playing(page)
    assert len(asked) == 3


def _uneven_film(path: Path, times_ms: list[int]) -> None:
    """A film with B-frames whose frames do not come evenly."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = film.add_stream("libx264", 30, {"bf": "2", "preset": "ultrafast", "tune": "animation"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for number, at_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 7 % 255, np.uint8), format="rgb24")
            frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def test_frames_are_found_in_a_film_with_b_frames_and_an_uneven_step(console: Console, tmp_path: Path) -> None:
    times_ms = [0, 40, 78, 121, 160, 240, 281, 320, 400, 439, 480, 600]
    _uneven_film(tmp_path / "film.mp4", times_ms)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert any(packet.pts != packet.dts for packet in film.demux(video=0) if packet.size), "it has B-frames"
    page = console.operator()
    found = page.evaluate(
        """async (data) => {
          const { frameTimes } = await import('/static/frames.js');
          return frameTimes(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
        }""",
        b64encode((tmp_path / "film.mp4").read_bytes()).decode(),
    )
    assert found == pytest.approx([at_ms / 1000 for at_ms in times_ms], abs=1e-3)
    assert page.evaluate("async () => (await import('/static/frames.js')).frameTimes(new ArrayBuffer(100))") == []
