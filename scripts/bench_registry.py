"""How long a register of a million vehicles takes to import, and how long one look-up in it takes.

python -m scripts.bench_registry [--vehicles 1000000] [--folder FOLDER]
"""

from __future__ import annotations

import csv
import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Annotated

import typer
from rich.console import Console

from edge.registry.columns import VEHICLE_COLUMNS
from edge.registry.file import FileRegistry
from edge.registry.importing import Order, import_registry

LOOK_UPS = 5000
PAGE = 4096
PAUSE_S = 0.001
"""Between look-ups: a box asks once per vehicle, not in a loop that the system takes for heavy work."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
HEADER = [column.name for column in VEHICLE_COLUMNS]
console = Console(highlight=False)


def plate_of(number: int) -> str:
    """A different number for each of 4.8 million."""
    office, serial = divmod(number, 100_000)
    return f"{'闽赣'[office // 24]}{LETTERS[office % 24]}{serial:05d}"


def rows(vehicles: int, chance: random.Random) -> Iterator[list[object]]:
    """As an export gives them: in no order, every tenth vehicle with a second permit in a further row."""
    numbers = list(range(vehicles))
    chance.shuffle(numbers)
    for n in numbers:
        day = f"202{6 + n % 4}-{1 + n % 12:02d}-{1 + n % 28:02d}"
        kind = chance.choice(["普货", "危货", "客运班线", "网约车", "包车"])
        yield [
            plate_of(n), "01", "H17", "F", "A", day, 4, 2, 31000, "", 12500 + n % 700, 2, 9.6, 2.55, 3.45, 1.5, "",
            kind, f"3507{n:08d}", "有效", "2024-01-01", day, *[""] * 6,
        ]  # fmt: skip
        if n % 10 == 0:
            further = [
                "超限运输",
                f"9{n:08d}",
                "有效",
                "2026-01-01",
                "2026-12-31",
                "岭下大桥;西溪隧道",
                "",
                49000,
                18,
                2.55,
                4.2,
            ]
            yield [plate_of(n), "01", *[""] * 15, *further]


def forget_pages(path: Path) -> None:
    """Let the system drop what it holds of the file, as after a start of the box."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def read_pages(path: Path, chance: random.Random) -> list[float]:
    """Milliseconds of reading one page each at random: what any look-up that is not in memory has to wait for."""
    handle, took = os.open(path, os.O_RDONLY), []
    pages = path.stat().st_size // PAGE
    for _ in range(LOOK_UPS):
        time.sleep(PAUSE_S)
        begun = time.perf_counter()
        os.pread(handle, PAGE, chance.randrange(pages) * PAGE)
        took.append(1000 * (time.perf_counter() - begun))
    os.close(handle)
    return took


def look_up(path: Path, numbers: list[int], known: int) -> list[float]:
    """Milliseconds of each look-up, the box's own work included."""
    registry = FileRegistry(path, timedelta(days=30))
    took = []
    for n in numbers:
        time.sleep(PAUSE_S)
        begun = time.perf_counter()
        answer = registry.vehicle(plate_of(n), "01")
        took.append(1000 * (time.perf_counter() - begun))
        assert answer.answered == ("found" if n < known else "absent")
    registry.close()
    return took


def main(
    vehicles: Annotated[int, typer.Option(help="How many vehicles.")] = 1_000_000,
    folder: Annotated[Path | None, typer.Option(help="Where the files lie while it runs.")] = None,
) -> None:
    """Import and look up; one look-up in five is of a vehicle that is not there."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source, into = Path(work) / "vehicles.csv", Path(work) / "vehicles.registry"
        with source.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(rows(vehicles, chance))
        begun, processor = time.perf_counter(), time.process_time()
        about, _ = import_registry(Order(into, "bench", datetime.now(UTC), ("goods",), source))
        took, worked = time.perf_counter() - begun, time.process_time() - processor
        assert about.vehicles is not None
        assert about.vehicles.entries == vehicles
        sizes = f"CSV {source.stat().st_size >> 20} MiB, register {into.stat().st_size >> 20} MiB"
        console.print(f"{about.vehicles.rows} rows, {vehicles} vehicles in {took:.1f} s ({worked:.1f} s CPU); {sizes}")
        numbers = [chance.randrange(vehicles * 5 // 4) for _ in range(LOOK_UPS)]
        forget_pages(into)
        tell("one page from the disk", read_pages(into, chance))
        forget_pages(into)
        tell("look-up, nothing of the file in memory before", look_up(into, numbers, vehicles))
        tell("the same look-ups again", look_up(into, numbers, vehicles))


def tell(what: str, times: list[float]) -> None:
    """Print median and tail of some milliseconds."""
    cuts = quantiles(times, n=100)
    console.print(f"{what}: p50 {cuts[49]:.3f}, p99 {cuts[98]:.3f}, worst {max(times):.2f} ms")


if __name__ == "__main__":
    typer.run(main)
