"""A simulated day: what is found of planted offences, and what is told besides, by the box's own parts.

`python -m tests.accuracy.day` prints of every rule how many of its offences were found, how many findings are right,
how long it takes, and why the others came about; `--store` makes it the new baseline. `day_world` and `day_acts` say
what drives, `day_eyes` and `day_scale` what is seen of it, `day_site` what the box knows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from tests.accuracy.day_figures import BASELINE, by_level, figures, kept, near_misses, table
from tests.accuracy.day_run import run


def main(arguments: Sequence[str]) -> None:
    """Run, print, and with `--store` store."""
    day = run()
    found = figures(day)
    print(*table(found), sep="\n")
    print(f"right by level: {', '.join(f'{w} {right} of {all_}' for w, (all_, right) in by_level(day).items())}")
    print("near misses, and of them with a finding:", *near_misses(day))
    print(f"{len(day.known)} vehicles; {', '.join(f'{word} {s:.1f} s' for word, s in day.took_s.items())}")
    if "--store" in arguments:
        BASELINE.write_text(json.dumps(kept(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
