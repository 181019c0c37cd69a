"""Log-in by the bureau's own accounts (OpenID Connect): who the issuer says somebody is, and what they may do here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from sqlalchemy.engine import Row

from hub.accounts.people import AccountError, clean_name
from hub.accounts.roles import Role
from hub.accounts.sessions import end_sessions
from hub.parts import HubParts
from hub.settings import OidcSettings
from hub.store.audit import Books
from hub.store.tables import users

_SIGNED: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures that are believed: by a private key of the issuer's alone. Not `none`, and none made with our secret."""
_TIMEOUT_S: Final = 10.0


def make_client(settings: OidcSettings) -> StarletteOAuth2App:
    """The client; it asks the issuer nothing yet. Raises ValueError for settings that will not do."""
    for theirs, ours in settings.roles.items():
        if ours not in set(Role):
            raise ValueError(f"web.oidc.roles: {theirs}: there is no role {ours!r}: use one of {', '.join(Role)}")
    try:
        lines = settings.client_secret_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"web.oidc.client_secret_file: cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise ValueError(f"web.oidc.client_secret_file: {settings.client_secret_file} is empty: put the secret in it")
    return OAuth().register(
        "oidc",
        client_id=settings.client_id,
        client_secret=lines[0],
        server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": _TIMEOUT_S},
    )


async def prepare(client: StarletteOAuth2App, settings: OidcSettings) -> None:
    """Ask the issuer for its addresses, unless that is done. Raises AccountError when it is another issuer."""
    metadata = await client.load_server_metadata()
    if str(metadata.get("issuer", "")).rstrip("/") != settings.issuer.rstrip("/"):
        raise AccountError("issuer", f"{settings.issuer} calls itself {metadata.get('issuer')}: set web.oidc.issuer")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    client.server_metadata["id_token_signing_alg_values_supported"] = [word for word in offered if word in _SIGNED]


def claims_wanted(settings: OidcSettings, issuer: str) -> dict[str, Any]:
    """What an ID token must say, for authlib: from this issuer, for this hub, about somebody."""
    return {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }


def admit(parts: HubParts, claims: Mapping[str, Any], address: str) -> int:
    """Let somebody in whom the issuer vouches for; makes or updates the account; its id.

    Raises AccountError where no claim gives a role, the account is closed, or its name is another's.
    """
    settings = parts.settings.web.oidc
    assert settings is not None, "only asked where it is set"
    subject = f"{settings.issuer.rstrip('/')}#{claims['sub']}"
    if len(subject) > 300:
        raise AccountError("issuer", "the issuer's name for this person is too long")
    roles = roles_from(settings, claims)
    if not roles:
        raise AccountError("no_roles", "the bureau's log-in gives this person no role in the hub")
    display = str(claims.get("name") or "").strip()[:100]
    with parts.audit.begin() as books:
        row = books.connection.execute(sa.select(users).where(users.c.oidc_subject == subject)).one_or_none()
        if row is None:
            row = _new_account(books, claims, subject, display, roles)
        if not row.active:
            raise AccountError("closed", f"the account {row.name} is closed")
        words = ",".join(roles)
        books.connection.execute(
            sa.update(users).where(users.c.id == row.id).values(roles=words, display=display or row.display)
        )
        if words != row.roles:
            end_sessions(books.connection, row.id)
            books.add(
                row.name, "change_roles", body={"user": row.name, "from": row.roles.split(","), "to": list(roles)}
            )
        books.add(row.name, "log_in", body={"address": address, "by": "oidc"})
    return int(row.id)


def roles_from(settings: OidcSettings, claims: Mapping[str, Any]) -> tuple[Role, ...]:
    """The hub's roles for the issuer's words, in a claim like `roles` or, further in, `realm_access.roles`."""
    found: Any = claims.get(settings.roles_claim)
    if found is None:
        found = claims
        for step in settings.roles_claim.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    given = {settings.roles[word] for word in words if isinstance(word, str) and word in settings.roles}
    return tuple(role for role in Role if role in given)


def _new_account(
    books: Books, claims: Mapping[str, Any], subject: str, display: str, roles: tuple[Role, ...]
) -> Row[Any]:
    """An account for a person who comes in by the issuer for the first time; never one that is there already."""
    name = clean_name(str(claims.get("preferred_username") or claims["sub"]))
    if books.connection.execute(sa.select(users.c.id).where(users.c.name == name)).first():
        raise AccountError("taken", f"there is another account named {name}: one of the two must be renamed")
    words = ",".join(roles)
    values = {"name": name, "display": display or name, "oidc_subject": subject, "roles": words}
    row = books.connection.execute(sa.insert(users).values(**values, created_ms=books.at_ms).returning(users)).one()
    books.add(name, "add_user", body={"user": name, "roles": list(roles), "by": "oidc"})
    return row
