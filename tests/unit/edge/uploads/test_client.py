"""The box's side of the hub's door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.uploads.client import HubDoor, NoAnswerError
from edge.uploads.settings import UploadSettings
from leads import encode, sign
from leads.uploads import WantedList
from tests.hub_worlds import HUB_KEY
from tests.unit.edge.uploads.conftest import KEY, Post


def door(post: Post) -> HubDoor:
    """A door of a box that knows the hub's key."""
    settings = UploadSettings(url=post.hub.url, timeout_s=1.0)
    return HubDoor(settings, ("site-1", "box-1"), KEY, lambda: datetime.now(UTC), (HUB_KEY.public_key(),))


def test_a_list_signed_by_the_hub_is_believed(post: Post) -> None:
    post.hub.says = encode(sign(WantedList(ask_again_s=7.0), HUB_KEY))
    assert door(post).wanted().ask_again_s == 7.0


@pytest.mark.parametrize("key", [None, KEY])
def test_a_box_that_knows_the_hubs_key_believes_no_other_list(post: Post, key: object) -> None:
    """Or anybody on the way could say that evidence is held, and the box would free it."""
    post.hub.says = encode(WantedList() if key is None else sign(WantedList(), KEY))
    with pytest.raises(NoAnswerError, match="counts for nothing"):
        door(post).wanted()
