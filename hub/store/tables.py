"""The tables of the hub. Times `_ms` are milliseconds of UTC since 1970, so that both databases sort and index them.

Bytes as they came are kept apart from what is searched and changed: `payloads` is written once and never touched.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial: Final = BigInteger().with_variant(Integer, "sqlite")
"""A number the database gives: SQLite counts INTEGER keys alone."""

PlateText: Final = String(16).with_variant(String(16, collation="C"), "postgresql")
"""A number plate, in the order of its bytes on both databases, so that an index finds what begins alike."""

# ---- the books: one row that every recorded step locks, and the chain of steps

head = Table(
    "head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("audit_seq", BigInteger, nullable=False),
    Column("audit_sha256", String(64), nullable=False),
    Column("last_number", BigInteger, nullable=False),
)
"""One row (id 1): the end of the chain and the last number given. Whoever writes a step holds it, so steps queue up."""

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(40), nullable=False),
    Column("number", BigInteger),
    Column("body", Text, nullable=False),
    Column("prev_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("signature", String(100)),
    Index(None, "number"),
    Index(None, "at_ms"),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_action", "action", "seq"),
)
"""Append-only (triggers refuse change and deletion). See `hub.store.audit` for what is hashed."""

# ---- what came in

entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # What came, and from whom
    Column("entry_id", String(26), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("source", String(64), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("box_id", String(64), nullable=False),
    Column("camera_id", String(64), nullable=False),
    Column("payload_sha256", String(64), nullable=False, unique=True),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("times_received", Integer, nullable=False, default=1),
    # What it says, for search; as corrected where somebody did
    Column("rule_id", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("offence", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("unit", String(200), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("grade", String(4), nullable=False),
    Column("plate", PlateText, nullable=False),
    Column("plate_tail", PlateText, nullable=False),
    Column("plate_type", String(8), nullable=False),
    Column("plate_colour", String(16), nullable=False),
    Column("vehicle_class", String(200), nullable=False),
    Column("place", Text, nullable=False),
    Column("act_key", String(400), nullable=False),
    # What is done about it
    Column("state", String(20), nullable=False),
    Column("state_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger),
    Column("version", Integer, nullable=False, default=1),
    Column("decided_ms", BigInteger),
    Column("outcome", String(20), nullable=False, default=""),
    Column("case_number", String(40), unique=True),
    Column("duplicate_of", BigInteger),
    Column("repeats", BigInteger, nullable=False, default=0),
    # Whether its evidence is here: 0 there is none to come, 1 something is still at the box, 2 all is here
    Column("evidence", SmallInteger, nullable=False, default=0),
    Column("fetched", SmallInteger, nullable=False, default=0),
    Column("looked_ms", BigInteger),
    Index("ix_entries_queue", "state", "level", "occurred_ms", "number"),
    Index("ix_entries_occurred", "occurred_ms", "number"),
    Index("ix_entries_offence", "offence", "occurred_ms", "number"),
    Index("ix_entries_rule", "rule_id", "occurred_ms", "number"),
    Index("ix_entries_camera", "camera_id", "occurred_ms", "number"),
    Index("ix_entries_plate", "plate", "occurred_ms", "number"),
    Index("ix_entries_act", "act_key"),
    Index("ix_entries_evidence", "site_id", "box_id", "evidence", "fetched"),
)
"""One row per lead or report, all in one numbering; what came, what it says, what is done about it.

`kind` is `lead` or `report`; `source` is `box` or the name of the token a report came by; texts that are not known are
empty. `level` is 3 high, 2 medium, 1 low. `plate_tail` is the plate without its first two characters. `fetched` are
the bits of the kinds of files (`hub.evidence.files.Fetch`) of which no more is asked for by itself.
"""

payloads = Table(
    "payloads",
    metadata,
    Column("number", BigInteger, ForeignKey("entries.number"), primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
)
"""The bytes of each lead or report exactly as they came."""

updates = Table(
    "updates",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("update_id", String(26), nullable=False, unique=True),
    Column("entry_id", String(26), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("box_id", String(64), nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_sha256", String(64), nullable=False, unique=True),
    Column("times_received", Integer, nullable=False, default=1),
    Index(None, "entry_id"),
)
"""Lead updates, kept whether their lead is here yet or not."""

refused = Table(
    "refused",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("door", String(8), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("box_id", String(64), nullable=False),
    Column("entry_id", String(26)),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("times_received", Integer, nullable=False, default=1),
    Column("settled_ms", BigInteger),
    Column("settled_by", String(100), nullable=False, default=""),
    Column("settled_as", String(20), nullable=False, default=""),
    UniqueConstraint("payload_sha256", "reason", "site_id", "box_id"),
    Index("ix_refused_open", "settled_ms", "id"),
    Index("ix_refused_group", "settled_ms", "reason", "site_id", "box_id", "id"),
)
"""Dead letters. `door` is `mqtt` or `http` (there site is empty and box the source's name)."""

# ---- evidence

files = Table(
    "files",
    metadata,
    Column("number", BigInteger, ForeignKey("entries.number"), primary_key=True, autoincrement=False),
    Column("name", String(128), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("held_ms", BigInteger),
    Column("wanted_ms", BigInteger),
    Column("gone_ms", BigInteger),
    Column("refused", Integer, nullable=False, default=0),
    Index(None, "wanted_ms"),
)
"""Evidence files that are here (`held_ms`), asked for out of turn (`wanted_ms`), deleted at the box (`gone_ms`), or
that came with bytes that do not fit (`refused` times). All others are at the box. Of the times at most one is set.
"""

access = Table(
    "access",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("what", String(128), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_access_number", "number", "id"),
    Index("ix_access_user", "user_id", "number", "until_ms"),
    Index("ix_access_at", "at_ms", "id"),
    Index("ix_access_user_at", "user_id", "at_ms", "id"),
    Index("ix_access_what", "what", "at_ms", "id"),
    Index("ix_access_purpose", "purpose", "at_ms", "id"),
)
"""Who looked at which evidence, for what purpose, append-only. A look at an entry's evidence holds until `until_ms`."""

# ---- decisions

steps = Table(
    "steps",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, ForeignKey("entries.number"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", String(100), nullable=False),
    Column("action", String(20), nullable=False),
    Column("from_state", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    Column("reason", String(40), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("correction", Text, nullable=False, default=""),
    Column("other", BigInteger),
    Column("undone_by", BigInteger),
    Index(None, "number", "seq"),
    Index(None, "at_ms"),
    Index(None, "user_id", "at_ms"),
)
"""What was decided of each entry, by whom and why; `seq` is the step's place in the audit log. Corrections are JSON.

`other` is the entry that a step names: the one repeated, or the one that was found to be another act.
"""

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)
"""The last case number given in each local year."""

presence = Table(
    "presence",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index(None, "number", "seen_ms"),
)
"""Who is looking at what now."""

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("name", String(100), nullable=False),
    Column("query", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("user_id", "name"),
)

# ---- accounts

users = Table(
    "users",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display", String(100), nullable=False),
    Column("password", String(200), nullable=False, default=""),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("totp_secret", String(64), nullable=False, default=""),
    Column("totp_on", Boolean, nullable=False, default=False),
    Column("totp_step", BigInteger, nullable=False, default=0),
    Column("oidc_subject", String(300), unique=True),
    Column("roles", Text, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("language", String(8), nullable=False, default=""),
    Column("failed", Integer, nullable=False, default=0),
    Column("locked_until_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
)
"""`password` is an argon2 hash, empty where only OIDC logs in. `roles` are words joined by commas.

`totp_step` is the last time step whose code was taken, so that no code is taken twice.
"""

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Index(None, "user_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("source", String(64), nullable=False, unique=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("per_minute", Integer, nullable=False, default=60),
    Column("busy_until_ms", BigInteger, nullable=False, default=0),
)
"""Tokens of other sources: a hot line, informants, other departments.

`per_minute` is how many requests a minute are taken; `busy_until_ms` is when all so far would be done at that pace.
"""

tries = Table(
    "tries",
    metadata,
    Column("address", String(64), primary_key=True),
    Column("window_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""Attempts to log in from one address within the window that begins at `window_ms`; over windows are taken out."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(100), nullable=False),
)
"""Random secrets of the hub that its processes share and that outlive them; made when first asked for."""

# ---- boxes and cameras, as they last said

boxes = Table(
    "boxes",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("box_id", String(64), primary_key=True),
    Column("session_id", String(64), nullable=False, default=""),
    Column("state", String(16), nullable=False, default=""),
    Column("reason", String(20), nullable=False, default=""),
    Column("software", String(200), nullable=False, default=""),
    Column("models", Text, nullable=False, default="[]"),
    Column("seen_ms", BigInteger, nullable=False),
    Column("outbox_depth", BigInteger),
    Column("clock_error_ms", Float),
    Column("telemetry", Text, nullable=False, default="{}"),
)

cameras = Table(
    "cameras",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("box_id", String(64), primary_key=True),
    Column("camera_id", String(64), primary_key=True),
    Column("place", Text, nullable=False, default=""),
    Column("state", String(16), nullable=False, default=""),
    Column("fps", Float),
    Column("seen_ms", BigInteger, nullable=False),
    Column("frame_ms", BigInteger),
    Column("frame", LargeBinary),
)
"""`frame` is the last picture the box sent, a small JPEG; it is replaced by each newer one."""

# ---- figures

figures = Table(
    "figures",
    metadata,
    Column("span", String(5), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("rule_id", String(64), primary_key=True),
    Column("site_id", String(64), primary_key=True),
    Column("camera_id", String(64), primary_key=True),
    Column("offence", String(64), primary_key=True),
    Column("open", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("filed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("police", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
)
"""How leads stand, by rule, camera and offence: of a day (number of the local day since 1970), or of a whole month.

`span` is `day` or `month`; `day` is the day, or the month's first.
"""

figure_days = Table(
    "figure_days",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("site_id", String(64), primary_key=True),
    Column("offence", String(64), primary_key=True),
    Column("open", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("filed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("police", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
)
"""The same, of each day, without rules and cameras."""

figure_times = Table(
    "figure_times",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("what", String(10), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""How long it took from the act to the receipt, or to the decision: leads of a day per bucket of time."""

stale_days = Table(
    "stale_days",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("since_ms", BigInteger, nullable=False),
)
"""Days whose sums have to be made anew."""
