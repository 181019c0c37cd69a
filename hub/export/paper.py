"""The case file on paper: A4 pages as PDF/A-3b, laid out by WeasyPrint from the templates in web/templates/export."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.export.casefile import CaseFile
from hub.export.exhibits import Exhibit
from hub.export.wording import Wording
from hub.parts import HubParts
from hub.web.deps import templates
from hub.web.words import Translator
from leads import Lead

_REMEDY: Final = "install Pango and Chinese fonts: apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk"
_DPI: Final = 220
"""Finer pictures are made coarser in the PDF; the copies beside it are not."""


class PaperError(Exception):
    """The PDF cannot be made on this machine; the text says what to do."""


def make_paper(parts: HubParts, case: CaseFile, language: str, target: Path) -> None:
    """Write the case file as PDF. Raises PaperError where system libraries or fonts are missing."""
    try:
        # Loads Pango, which is not everywhere; and nobody but this needs it.
        import weasyprint
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as error:
        raise PaperError(f"PDFs cannot be made ({str(error).splitlines()[0]}): {_REMEDY}") from error
    _check_fonts()
    pictures = {f"exhibit:{number}": exhibit for number, exhibit in enumerate(case.exhibits, start=1)}

    class Exhibits(URLFetcher):  # type: ignore[misc]  # of a package without types
        """Gives pictures of the case, and nothing else of this machine or the network."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """A picture by its number."""
            exhibit = pictures.get(url)
            if exhibit is None or exhibit.copy is None:
                raise FatalURLFetchingError(f"a case file shows its own pictures alone, not {url}")
            return URLFetcherResponse(url, exhibit.copy.read_bytes(), {"Content-Type": "image/jpeg"})

    t = Translator(language)
    wording = Wording(t, ZoneInfo(parts.settings.web.timezone), parts.cases)
    text = templates.env.get_template("export/casefile.html").render(content(case, t, wording))
    style = templates.env.get_template("export/casefile.css").render(t=t, number=case_number(case))
    fetcher = Exhibits()
    page = weasyprint.HTML(string=text, url_fetcher=fetcher)
    sheet = weasyprint.CSS(string=style, url_fetcher=fetcher)
    facts = weasyprint.Attachment(
        string=json.dumps(case.as_json(), ensure_ascii=False, indent=1),
        name="case.json",
        description="all data of this case file",
        relationship="Data",
    )
    page.write_pdf(target, stylesheets=[sheet], attachments=[facts], pdf_variant="pdf/a-3b", dpi=_DPI)


def content(case: CaseFile, t: Translator, wording: Wording) -> Mapping[str, Any]:
    """What the template is told."""
    records = case.records
    lead = records.message if isinstance(records.message, Lead) else None
    numbers = {exhibit.file.name: number for number, exhibit in enumerate(case.exhibits, start=1)}
    return {
        "t": t,
        "w": wording,
        "case": case,
        "records": records,
        "row": records.row,
        "message": records.message,
        "lead": lead,
        "facts": wording.facts(lead.facts) if lead else [],
        "numbers": numbers,
        "place": place(case),
        "pictures": shown_pictures(case),
        "number_text": case_number(case),
        "participants": participants(case),
    }


def case_number(case: CaseFile) -> str:
    """The case's number; of what is no case yet, the entry's."""
    return str(case.records.row["case_number"] or case.records.row["number"])


def place(case: CaseFile) -> str:
    """Where it was, for people: road, stake, name, direction and lane, as far as they are known."""
    message = case.records.message
    if not isinstance(message, Lead):
        return str(case.records.row["place"])
    camera = message.camera
    return " ".join(p for p in (camera.road_code, camera.stake, camera.place, camera.direction, camera.lane) if p)


def shown_pictures(case: CaseFile) -> list[tuple[int, Exhibit]]:
    """Pictures for the pages with their numbers; where there is a copy with time and place on it, that one alone."""
    overlays = {
        e.file.name.replace(".overlay.", ".") for e in case.exhibits if e.is_picture and ".overlay." in e.file.name
    }
    numbered = enumerate(case.exhibits, start=1)
    return [(number, e) for number, e in numbered if e.is_picture and e.file.name not in overlays]


def participants(case: CaseFile) -> list[tuple[str, list[str]]]:
    """Who took steps that hold, in the order of their first one, with what they did."""
    found: dict[str, list[str]] = {}
    for step in case.records.steps:
        if step["undone_by"] is None and step["action"] not in ("undo", "note"):
            done = found.setdefault(step["user_name"], [])
            if step["action"] not in done:
                done.append(step["action"])
    return list(found.items())


def _check_fonts() -> None:
    """Raise PaperError where no font has Chinese characters; WeasyPrint would draw empty boxes."""
    try:
        found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return  # without fontconfig's tools nobody can tell
    if found.returncode == 0 and not found.stdout.strip():
        raise PaperError(f"PDFs cannot be made (no font has Chinese characters): {_REMEDY}")
