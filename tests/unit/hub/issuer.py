"""A small OpenID Connect issuer: real signatures, a real socket, and lies when told to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT: Final = "lushao-hub"
SECRET: Final = "a secret of the hub's own, long enough to sign with"


class Issuer:
    """People log in here at once; what is said of them, and how, can be changed before."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.claims: dict[str, Any] = {
            "sub": "4711",
            "preferred_username": "Chen.Jing",
            "name": "陈静",
            "roles": ["zfj-operator", "unrelated"],
        }
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        """What is done to the claims before they are signed."""
        self.signer: Any = self.key
        self.algorithm = "RS256"
        self.offered: list[str] = ["RS256"]
        self.with_id_token = True
        self.calls_itself: str | None = None
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def log_in(self, address: str) -> str:
        """What a browser sent to this address gets: the address back at the hub, with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims}
        token = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300}
        if self.with_id_token:
            header = {"alg": self.algorithm, "kid": "one"}
            token["id_token"] = jwt.encode(header, self.change(claims), self.signer, algorithms=[self.algorithm])
        return token

    def _answer(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        return {
            "issuer": self.calls_itself or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": self.offered,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(issuer._answer(self.path))

            def do_POST(self) -> None:
                given = base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                right = given == f"{CLIENT}:{SECRET}" or given == urlencode({CLIENT: SECRET}).replace("=", ":", 1)
                token = issuer._token(form) if right else None
                self._send(token or {"error": "invalid_grant"}, 200 if token else 400)

            def _send(self, said: dict[str, Any], status: int = 200) -> None:
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def another_key() -> RSAKey:
    """A key that is not the issuer's, under the same name."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


def shared_key() -> OctKey:
    """The client's secret as a key, as an attacker who knows it would sign with."""
    return OctKey.import_key(SECRET, {"kid": "one"})
