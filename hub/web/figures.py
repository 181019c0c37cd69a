"""Figures: a page with tables and charts, the charts as pictures, and everything as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.figures.charts import CHARTS
from hub.figures.reading import Figures, Span, Times, read_figures, sites_of
from hub.figures.sums import OUTCOMES, date_of, day_number
from hub.web.deps import Parts, language_of, need, page
from hub.web.words import Translator, all_words

router = APIRouter()
_DEFAULT_DAYS: Final = 30
_FIRST_YEAR: Final = 2000
"""No figures are from before; a longer span would only keep the machine busy."""
_MOST_LINES: Final = 200
"""Lines of rules and cameras on the page; the CSV has all."""
Reader = Annotated[User, Depends(need(Permission.FIGURES))]
Day = Annotated[str, Query(max_length=10)]
Word = Annotated[str, Query(max_length=64)]


def _span(
    request: Request,
    parts: Parts,
    user: Reader,
    from_day: Annotated[str, Query(alias="from", max_length=10)] = "",
    to_day: Annotated[str, Query(alias="to", max_length=10)] = "",
    offence: Word = "",
    site: Word = "",
) -> Span:
    today = datetime.fromtimestamp(parts.clock() / 1000, UTC).astimezone(ZoneInfo(parts.settings.web.timezone)).date()
    try:
        last = date.fromisoformat(to_day) if to_day else today
        first = date.fromisoformat(from_day) if from_day else last - timedelta(days=_DEFAULT_DAYS - 1)
    except (ValueError, OverflowError):
        first, last = today, date.min
    if first > last or first.year < _FIRST_YEAR or last.year > today.year + 1:
        raise HTTPException(422, Translator(language_of(request, user))("figures.bad_days"))
    return Span(day_number(first), day_number(last), offence, site)


Asked = Annotated[Span, Depends(_span)]


@router.get("/figures", response_class=HTMLResponse)
def figures_page(request: Request, parts: Parts, user: Reader, span: Asked) -> HTMLResponse:
    """Leads by class and outcome, precision per rule and camera, times; for a span of days."""
    figures = read_figures(parts, span)
    t = Translator(language_of(request, user))
    return page(
        request,
        "figures.html",
        user,
        figures=figures,
        span=span,
        first=date_of(span.first).isoformat(),
        last=date_of(span.last).isoformat(),
        outcomes=OUTCOMES,
        offences=[key.removeprefix("offence.") for key in all_words() if key.startswith("offence.")],
        sites=sites_of(parts),
        charts=tuple(CHARTS),
        query=request.url.query,
        rules=figures.rules[:_MOST_LINES],
        elapsed=lambda times: _elapsed(times, t),
    )


@router.get("/figures/{chart}.svg")
def chart(chart: str, request: Request, parts: Parts, user: Reader, span: Asked) -> Response:
    """One chart of the page."""
    draw = CHARTS.get(chart)
    if draw is None:
        raise HTTPException(404, Translator(language_of(request, user))("common.not_found"))
    svg = draw(read_figures(parts, span), Translator(language_of(request, user)))
    # The picture styles itself; it may do nothing else.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": policy})


@router.get("/figures.csv")
def figures_csv(parts: Parts, user: Reader, span: Asked) -> Response:
    """A line per rule and camera, for a spreadsheet."""
    text = "\ufeff" + "".join(_csv_lines(read_figures(parts, span)))
    name = f"lushao-figures-{date_of(span.first)}-{date_of(span.last)}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _csv_lines(figures: Figures) -> Iterator[str]:
    for row in (
        ("rule", "site", "camera", "leads", *OUTCOMES, "precision"),
        *(
            (
                *(_harmless(part) for part in line.key),
                line.leads,
                *(line.counts[word] for word in OUTCOMES),
                "" if line.precision is None else f"{line.precision:.4f}",
            )
            for line in figures.rules
        ),
    ):
        buffer = io.StringIO()
        csv.writer(buffer).writerow(row)
        yield buffer.getvalue()


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _elapsed(times: Times, t: Translator) -> str:
    if times.p50_ms is None or times.p95_ms is None:
        return t("figures.none_decided")
    return f"{t('figures.median')} {_readable(times.p50_ms)} · {t('figures.p95')} {_readable(times.p95_ms)}"


def _readable(elapsed_ms: float) -> str:
    """A time with two figures that matter: 850 ms, 12 s, 4.5 min, 3.2 h, 2.1 d."""
    for unit, size, below in (("ms", 1, 1000), ("s", 1000, 100), ("min", 60_000, 100), ("h", 3_600_000, 48)):
        if elapsed_ms / size < below:
            return f"{elapsed_ms / size:.2g} {unit}" if elapsed_ms / size < 10 else f"{elapsed_ms / size:.0f} {unit}"
    return f"{elapsed_ms / 86_400_000:.2g} d"
