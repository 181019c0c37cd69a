"""Charts as SVG pictures, by pygal; without scripts, so that a page may show them under a strict policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pygal
from pygal.style import Style

from hub.figures.reading import Figures, Line
from hub.figures.sums import OUTCOMES, date_of
from hub.web.words import Translator

_COLOURS: Final = {
    "open": "#8a97a6",
    "confirmed": "#14508c",
    "filed": "#0b7a4b",
    "rejected": "#b3261e",
    "duplicate": "#b9a3c9",
    "police": "#5b3a8c",
    "warned": "#c79a00",
}
_FONT: Final = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
_MOST_BARS: Final = 15
_LABELS_PX: Final = 40
"""Room for Chinese labels beside the bars, which pygal measures as if they were Latin."""
_GOOD, _FAIR, _POOR = "#0b7a4b", "#c79a00", "#b3261e"


def _style(colours: Sequence[str]) -> Style:
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground="#1c2430",
        foreground_strong="#1c2430",
        foreground_subtle="#d5dbe1",
        colors=tuple(colours),
        font_family=_FONT,
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=12,
        title_font_size=15,
        value_font_size=11,
        no_data_font_size=15,
        opacity=1,
    )


def _options(t: Translator, title: str, colours: Sequence[str]) -> dict[str, Any]:
    return {
        "title": title,
        "style": _style(colours),
        "js": (),
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 4,
        "width": 620,
        "height": 380,
        "no_data_text": t("figures.nothing"),
        "show_minor_x_labels": False,
        "x_label_rotation": 30,
    }


def by_day(figures: Figures, t: Translator) -> bytes:
    """Leads per day, by outcome."""
    chart = pygal.StackedBar(**_options(t, t("figures.by_day"), [_COLOURS[word] for word in OUTCOMES]))
    chart.x_labels = [f"{date_of(int(line.key[0])):%m-%d}" for line in figures.days]
    chart.x_labels_major_count = 10
    _stack(chart, figures.days, t)
    return _picture(chart)


def by_offence(figures: Figures, t: Translator) -> bytes:
    """Leads per class of offence, by outcome."""
    chart = pygal.HorizontalStackedBar(**_options(t, t("figures.by_offence"), [_COLOURS[word] for word in OUTCOMES]))
    chart.margin_left = _LABELS_PX
    chart.x_label_rotation = 0
    lines = list(reversed(figures.offences[:_MOST_BARS]))
    chart.x_labels = [t.word("offence", line.key[0]) for line in lines]
    _stack(chart, lines, t)
    return _picture(chart)


def precision(figures: Figures, t: Translator) -> bytes:
    """Share of right leads per rule and camera, in per cent."""
    chart = pygal.HorizontalBar(**_options(t, t("figures.precision_chart"), [_COLOURS["confirmed"]]))
    chart.show_legend = False
    chart.range = (0, 100)
    chart.x_label_rotation = 0
    lines = [line for line in figures.rules if line.precision is not None][:_MOST_BARS]
    lines.reverse()
    chart.x_labels = [f"{line.key[0]} · {line.key[2] or '—'}" for line in lines]
    chart.add(t("figures.precision"), [_bar(line) for line in lines])
    return _picture(chart)


def decision_time(figures: Figures, t: Translator) -> bytes:
    """Minutes from the act to its first decision, per day: the median, and what 95 of 100 took at most."""
    chart = pygal.Line(**_options(t, t("figures.decision_chart"), ["#14508c", "#c75c00"]), logarithmic=True)
    days = sorted(day for day, times in figures.decision_by_day.items() if times.count)
    chart.x_labels = [f"{date_of(day):%m-%d}" for day in days]
    chart.x_labels_major_count = 10
    for label, name in (("p50", "p50_ms"), ("p95", "p95_ms")):
        chart.add(label, [_minutes(getattr(figures.decision_by_day[day], name)) for day in days])
    return _picture(chart)


CHARTS: Final = {
    "by_day": by_day,
    "by_offence": by_offence,
    "precision": precision,
    "decision_time": decision_time,
}


def _stack(chart: Any, lines: Sequence[Line], t: Translator) -> None:
    for word in OUTCOMES:
        chart.add(t(f"figures.{word}"), [line.counts[word] for line in lines])


def _bar(line: Line) -> dict[str, Any]:
    value = round(100 * (line.precision or 0), 1)
    return {"value": value, "color": _GOOD if value >= 90 else _FAIR if value >= 70 else _POOR}


def _minutes(elapsed_ms: float | None) -> float | None:
    return None if elapsed_ms is None else round(max(elapsed_ms, 1) / 60_000, 2)


def _picture(chart: Any) -> bytes:
    """The chart as SVG; without the script that would make it answer to the mouse."""
    chart.add_xml_filter(_without_scripts)
    return bytes(chart.render())


def _without_scripts(root: Any) -> Any:
    for parent in list(root.iter()):
        for script in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(script)
    return root
