"""The packet ring and the clips cut out of it."""

from __future__ import annotations

import errno
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from cameras.clip import StoredPacket, StreamHeader, grab, write_clip
from cameras.errors import StreamError
from cameras.frame import bgr
from cameras.ring import ClipReservation, PacketRing
from tests.unit.cameras.films import FPS, film, number_of, packets_of

MIB = 1 << 20


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreamHeader, list[StoredPacket]]:
    """Twelve seconds with a keyframe every second."""
    return packets_of(film(tmp_path_factory.mktemp("film") / "road.mp4", frames=120))


def fill(ring: PacketRing, road: tuple[StreamHeader, list[StoredPacket]], until_s: float = 1e9) -> None:
    header, packets = road
    ring.begin(0, header)
    for packet in packets:
        if packet.dts_s < until_s:
            ring.add(packet)


def numbers(path: Path) -> list[int]:
    with av.open(str(path)) as clip:
        return [number_of(bgr(f)) for f in clip.decode(video=0)]


def written(clip: ClipReservation, path: Path) -> list[int]:
    assert clip.write(path) is not None
    return numbers(path)


def test_a_clip_begins_at_the_keyframe_before_and_says_how_much_before(
    road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path
) -> None:
    ring = PacketRing(20, 8 * MIB)
    fill(ring, road)
    clip = ring.reserve(0, 3.25, 5.0)
    assert clip.done
    info = clip.write(tmp_path / "clip.mp4")
    assert info is not None
    assert [info.start_s, info.offset_s] == pytest.approx([3.0, 0.25])
    assert (info.codec, info.complete, info.missing) == ("h264", True, None)
    assert numbers(tmp_path / "clip.mp4")[:21] == list(range(30, 51))
    assert info.end_s >= 5.0


def test_a_clip_grows_into_the_future(road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path) -> None:
    _, packets = road
    ring = PacketRing(20, 8 * MIB)
    fill(ring, road, until_s=4.0)
    clip = ring.reserve(0, 2.0, 6.0)
    assert not clip.done
    assert not clip.wait(0)
    early = clip.write(tmp_path / "early.mp4")
    assert early is not None
    assert not early.complete
    assert early.missing is not None
    assert "early" in early.missing
    for packet in packets:
        if packet.dts_s >= 4.0:
            ring.add(packet)
    assert clip.done
    assert written(clip, tmp_path / "clip.mp4")[:41] == list(range(20, 61))


def test_a_clip_whose_end_has_come_is_whole_however_slow_the_camera(tmp_path: Path) -> None:
    # In the dark some cameras go down to a few frames per second, and still say a hundred.
    header, packets = packets_of(film(tmp_path / "film.mp4", b_frames=0))
    ring = PacketRing(20, 8 * MIB)
    ring.begin(0, header)
    for packet in packets:
        ring.add(replace(packet, duration=round(0.01 / header.time_base)))
    clip = ring.reserve(0, 2.0, 4.08)
    info = clip.write(tmp_path / "clip.mp4")
    assert info is not None
    assert info.end_s == pytest.approx(4.01, abs=0.001)
    assert (info.complete, info.missing) == (True, None)


def test_a_stream_that_is_cut_ends_its_clips_and_they_say_so(
    road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path
) -> None:
    ring = PacketRing(20, 8 * MIB)
    fill(ring, road, until_s=4.0)
    clip = ring.reserve(0, 2.0, 6.0)
    ring.begin(1, road[0])
    assert clip.done
    info = clip.write(tmp_path / "clip.mp4")
    assert info is not None
    assert not info.complete
    assert info.missing is not None
    assert "the stream was cut" in info.missing


def test_the_past_that_the_ring_no_longer_holds_is_said_to_be_missing(
    road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path
) -> None:
    ring = PacketRing(3, 8 * MIB)
    fill(ring, road)
    info = ring.reserve(0, 2.0, 11.0).write(tmp_path / "clip.mp4")
    assert info is not None
    assert info.offset_s < 0
    assert info.missing is not None
    assert info.missing.startswith("begins ")
    assert numbers(tmp_path / "clip.mp4")[0] == round(info.start_s * FPS)


def test_a_clip_of_another_session_is_empty(road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path) -> None:
    ring = PacketRing(20, 8 * MIB)
    fill(ring, road)
    clip = ring.reserve(7, 2.0, 4.0)
    assert clip.done
    assert clip.write(tmp_path / "clip.mp4") is None
    assert list(tmp_path.iterdir()) == []


def test_a_clip_asked_for_after_the_end_is_done_at_once(road: tuple[StreamHeader, list[StoredPacket]]) -> None:
    ring = PacketRing(20, 8 * MIB)
    fill(ring, road)
    ring.end("the stream ended")
    assert ring.reserve(0, 10.0, 20.0).done


def test_the_ring_drops_whole_groups_and_keeps_its_seconds(road: tuple[StreamHeader, list[StoredPacket]]) -> None:
    _, packets = road
    ring = PacketRing(3, 8 * MIB)
    fill(ring, road)
    sizes: list[int] = []
    for packet in packets:
        if packet.keyframe:
            sizes.append(0)
        sizes[-1] += len(packet.data)
    assert ring.size in {sum(sizes[i:]) for i in range(len(sizes))}
    assert sum(sizes[-3:]) <= ring.size <= sum(sizes[-5:])


def test_the_ring_is_bounded_in_bytes(road: tuple[StreamHeader, list[StoredPacket]]) -> None:
    header, packets = road
    most = sum(len(p.data) for p in packets) // 3
    ring = PacketRing(60, most)
    ring.begin(0, header)
    for packet in packets:
        ring.add(packet)
        assert ring.size <= most
    assert ring.size > 0


def test_a_group_too_large_for_the_ring_is_not_kept(road: tuple[StreamHeader, list[StoredPacket]]) -> None:
    header, packets = road
    ring = PacketRing(60, len(packets[0].data) + 1)
    ring.begin(0, header)
    for packet in packets[:10]:
        ring.add(packet)
    assert ring.size == 0
    ring.add(packets[10] if packets[10].keyframe else next(p for p in packets[1:] if p.keyframe))
    assert ring.size > 0


def test_packets_before_the_first_keyframe_are_passed_over(road: tuple[StreamHeader, list[StoredPacket]]) -> None:
    header, packets = road
    ring = PacketRing(60, MIB)
    ring.begin(0, header)
    ring.add(packets[1])
    assert ring.size == 0


def test_a_clip_is_no_larger_than_the_ring_may_be(
    road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path
) -> None:
    header, packets = road
    most = sum(len(p.data) for p in packets) // 3
    ring = PacketRing(60, most)
    ring.begin(0, header)
    ring.add(packets[0])
    clip = ring.reserve(0, 0.0, 11.0)
    for packet in packets[1:]:
        ring.add(packet)
    info = clip.write(tmp_path / "clip.mp4")
    assert info is not None
    assert info.missing is not None
    assert "ring_mib" in info.missing
    assert (tmp_path / "clip.mp4").stat().st_size < most + 20_000


@pytest.mark.parametrize("name", ["avcc.mp4", "annex-b.ts", "plain.mkv"])
@pytest.mark.parametrize(("codec", "tag"), [("libx264", "avc1"), ("libx265", "hvc1")])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_nothing_is_encoded_anew(name: str, codec: str, tag: str, b_frames: int, tmp_path: Path) -> None:
    source = film(tmp_path / name, codec=codec, b_frames=b_frames, first_pts=1000)
    header, packets = packets_of(source)
    write_clip(tmp_path / "clip.mp4", header, packets)
    with av.open(str(source)) as one, av.open(str(tmp_path / "clip.mp4")) as other:
        assert other.streams.video[0].codec_context.codec_tag == tag
        pairs = list(zip(one.decode(video=0), other.decode(video=0), strict=True))
        assert len(pairs) == 60
        for before, after in pairs:
            assert np.array_equal(before.to_ndarray(), after.to_ndarray())
        times = [after.time or 0.0 for _, after in pairs]
    assert times == pytest.approx([i / FPS for i in range(60)], abs=0.002)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_clip_out_of_the_middle_shows_what_the_film_shows_from_its_keyframe_on(codec: str, tmp_path: Path) -> None:
    source = film(tmp_path / "film.ts", codec=codec, b_frames=3, first_pts=1000, open_gop=True)
    header, packets = packets_of(source)
    ring = PacketRing(60, 8 * MIB)
    ring.begin(0, header)
    for packet in packets:
        ring.add(packet)
    info = ring.reserve(0, 2.35, 4.0).write(tmp_path / "clip.mp4")
    assert info is not None
    assert [info.start_s, info.offset_s] == pytest.approx([2.0, 0.35])
    with av.open(str(source)) as one, av.open(str(tmp_path / "clip.mp4")) as other:
        film_pictures = {number_of(bgr(f)): f.to_ndarray() for f in one.decode(video=0)}
        shown = [(f.time or 0.0, number_of(bgr(f)), f.to_ndarray()) for f in other.decode(video=0)]
    assert [n for _, n, _ in shown][:21] == list(range(20, 41))
    assert [t for t, _, _ in shown] == pytest.approx([(n - 20) / FPS for _, n, _ in shown], abs=0.002)
    assert all(np.array_equal(image, film_pictures[n]) for _, n, image in shown)


@pytest.mark.parametrize("seed", range(10))
def test_however_a_camera_s_clock_stutters_the_clip_is_written_whole(
    road: tuple[StreamHeader, list[StoredPacket]], tmp_path: Path, seed: int
) -> None:
    header, packets = road
    chance, step = random.Random(seed), packets[1].dts - packets[0].dts
    path = tmp_path / "stutter.mp4"
    stuttering = [
        replace(p, pts=p.pts + chance.randint(-2 * step, 2 * step), dts=p.dts + chance.randint(-2 * step, 2 * step))
        for p in packets[:30]
    ]
    write_clip(path, header, stuttering)
    shown = {round(p.pts_s * FPS) for p, q in zip(packets, stuttering, strict=False) if q.pts >= stuttering[0].pts}
    assert shown <= set(numbers(path))
    with av.open(str(path)) as clip:
        times = [p.dts for p in clip.demux(video=0) if p.size and p.dts is not None]
    assert len(times) == 30
    assert np.diff(times).min() > 0


def test_the_index_comes_first_so_that_a_player_can_start_at_once(tmp_path: Path) -> None:
    header, packets = packets_of(film(tmp_path / "film.mp4"))
    write_clip(tmp_path / "clip.mp4", header, packets)
    data = (tmp_path / "clip.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "film.mp4"]


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    folder.mkdir()
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*sudo, "mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*sudo, "umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    header, one = packets_of(film(tmp_path / "film.mp4", frames=250, gop=1, b_frames=0))
    step = one[1].dts - one[0].dts
    packets = [replace(p, pts=i * step, dts=i * step) for i, p in enumerate(one * 8)]
    write_clip(tmp_path / "clip.mp4", header, packets)
    size = (tmp_path / "clip.mp4").stat().st_size
    pages = -(-size // 4096)
    assert pages > 20
    # Full at the first byte, within the packets, and while the index is moved to the front.
    for number in {1, 2, pages // 2, pages - 3, pages - 2, pages - 1}:
        with small_disk(tmp_path / f"disk-{number}", number * 4096) as disk:
            with pytest.raises(OSError, match=r".") as caught:
                write_clip(disk / "clip.mp4", header, packets)
            assert caught.value.errno == errno.ENOSPC, (number, caught.value)
            assert list(disk.iterdir()) == []
    with small_disk(tmp_path / "disk", pages * 4096) as disk:
        write_clip(disk / "clip.mp4", header, packets)
        assert (disk / "clip.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()


def test_grab_takes_the_very_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4")
    wanted = [1.7, 0.0, 5.9, 1.7, 3.04]
    assert [number_of(image) for image in grab(path, wanted)] == [17, 0, 59, 17, 30]
    assert grab(path, []) == []


def test_grab_says_what_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(StreamError, match=r"clip\.mp4"):
        grab(broken, [0.0])
