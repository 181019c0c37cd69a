"""A box's key is taken up, changed and taken away without a restart of the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.box_keys import BoxKeys
from leads import KeyFileError, write_public_key
from tests.hub_worlds import BOX_KEY
from tests.unit.hub.intakes import OTHER_KEY


def test_a_key_is_found_as_soon_as_it_is_there_and_no_longer_than_that(tmp_path: Path) -> None:
    keys = BoxKeys(tmp_path / "boxes")
    assert keys.of("box-1") == ()
    path = tmp_path / "boxes" / "box-1.pub"
    write_public_key(path, BOX_KEY.public_key())
    assert keys.of("box-1") == (BOX_KEY.public_key(),)
    write_public_key(tmp_path / "other.pub", OTHER_KEY.public_key())
    with path.open("ab") as file:
        file.write((tmp_path / "other.pub").read_bytes())
    assert keys.of("box-1") == (BOX_KEY.public_key(), OTHER_KEY.public_key())
    path.unlink()
    assert keys.of("box-1") == ()


def test_a_file_without_a_key_is_told_each_time(tmp_path: Path) -> None:
    (tmp_path / "box-1.pub").write_text("no key")
    keys = BoxKeys(tmp_path)
    for _ in range(2):
        with pytest.raises(KeyFileError, match=r"box-1\.pub"):
            keys.of("box-1")


@pytest.mark.parametrize("box_id", ["../../etc/passwd", "a/b", "", "."])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, box_id: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        BoxKeys(tmp_path).of(box_id)
