"""The schemas for those who write another side of the wire: JSON Schema per message, and an AsyncAPI document.

Both are generated from the models, so they cannot say anything else than the code does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from leads.base import SCHEMA_VERSION, Message
from leads.box import Status, Telemetry
from leads.lead import Lead
from leads.orders import Order, OrderReply
from leads.receipt import Receipt
from leads.report import Report
from leads.rollout import ModelsDesired, ModelsReported
from leads.sighting import Sighting
from leads.topics import ROOT
from leads.update import LeadUpdate
from leads.uploads import WantedList
from leads.watch import WatchList
from leads.weigh import WeighRecord

Json = dict[str, Any]
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Channel:
    """One kind of topic: its parts, what crosses it, and how."""

    name: str
    address: str
    messages: tuple[type[Message], ...]
    sender: str
    receiver: str
    qos: Literal[0, 1]
    retained: bool


CHANNELS: Final = (
    Channel("status", "{site}/{box}/status", (Status,), "box", "all", 1, True),
    Channel("leads", "{site}/{box}/leads", (Lead, LeadUpdate), "box", "hub", 1, False),
    Channel("receipts", "{site}/{box}/receipts", (Receipt,), "hub", "box", 1, False),
    Channel("telemetry", "{site}/{box}/telemetry", (Telemetry,), "box", "hub", 0, False),
    Channel("sightings", "{site}/{box}/sightings", (Sighting,), "box", "box", 0, False),
    Channel("modelsDesired", "{site}/{box}/models/desired", (ModelsDesired,), "hub", "box", 1, True),
    Channel("modelsReported", "{site}/{box}/models/reported", (ModelsReported,), "box", "hub", 1, True),
    Channel("watchlist", "watchlist/{shard}", (WatchList,), "hub", "box", 1, True),
    Channel("weigh", "{site}/weigh", (WeighRecord,), "scale", "box", 1, False),
    Channel("orders", "units/{unit}/orders", (Order,), "hub", "unit", 1, False),
    Channel("replies", "units/{unit}/replies", (OrderReply,), "unit", "hub", 1, False),
)
"""All that crosses the wire."""
MESSAGES: Final = tuple(message for channel in CHANNELS for message in channel.messages)
OVER_HTTP: Final[tuple[type[Message], ...]] = (Report, WantedList)
"""What goes over HTTP: reports of other sources, and what the hub wants of a box."""

_PARAMETERS: Final = {
    "site": "Id of the site; neither `units` nor `watchlist`.",
    "box": "Id of the box.",
    "unit": "Id of the unit on the road.",
    "shard": "Shard of the watch list, one hexadecimal digit.",
}


def schema_of(message: type[Message]) -> Json:
    """JSON Schema (draft 2020-12) of a message: what a reader of the same version takes.

    Lushao itself writes every member; another sender may leave out those with a default.
    """
    schema = message.model_json_schema(mode="validation")
    schema["required"] = ["schema_version", *schema.get("required", ())]
    return {"$schema": _DRAFT, "$id": f"urn:lushao:v1:{message.__name__}", **schema}


def asyncapi() -> Json:
    """The AsyncAPI 3.0 document of all channels."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lushao on the wire",
            "version": SCHEMA_VERSION,
            "description": "MQTT 5 preferred, 3.1.1 possible. UTF-8 JSON. A lead leaves its box only on the "
            "hub's receipt. A newer minor version only adds optional members, which an older reader leaves out.",
            "license": {"name": "AGPL-3.0-or-later"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {
            f"{who}.{verb}.{channel.name}": _operation(channel, verb)
            for channel in CHANNELS
            for who, verb in ((channel.sender, "send"), (channel.receiver, "receive"))
        },
        "components": {"messages": {message.__name__: _message(message) for message in MESSAGES}},
    }


def _channel(channel: Channel) -> Json:
    names = [message.__name__ for message in channel.messages]
    parameters = [part[1:-1] for part in channel.address.split("/") if part.startswith("{")]
    return {
        "address": f"{ROOT}/{channel.address}",
        "description": f"{channel.sender} -> {channel.receiver}, QoS {channel.qos}"
        + (", retained" if channel.retained else ""),
        "parameters": {parameter: {"description": _PARAMETERS[parameter]} for parameter in parameters},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(channel: Channel, verb: str) -> Json:
    operation: Json = {
        "action": verb,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{m.__name__}"} for m in channel.messages],
    }
    if verb == "send":
        operation["bindings"] = {"mqtt": {"qos": channel.qos, "retain": channel.retained, "bindingVersion": "0.2.0"}}
    else:
        operation["bindings"] = {"mqtt": {"qos": channel.qos, "bindingVersion": "0.2.0"}}
    return operation


def _message(message: type[Message]) -> Json:
    return {
        "name": message.__name__,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{message.__name__}.schema.json"},
        },
    }


def documents() -> dict[str, str]:
    """All documents by file name, as text."""
    files = {f"{message.__name__}.schema.json": schema_of(message) for message in (*MESSAGES, *OVER_HTTP)}
    files["asyncapi.json"] = asyncapi()
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in files.items()}
