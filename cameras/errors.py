"""What can go wrong with a stream, and what to do about it."""

from __future__ import annotations

import errno
from enum import StrEnum

import av


class ErrorKind(StrEnum):
    """Why a stream gives no frames."""

    AUTH = "auth"
    NOT_FOUND = "not_found"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    BAD_CODEC = "bad_codec"
    BAD_DATA = "bad_data"
    NO_VIDEO = "no_video"
    CUT = "cut"
    OTHER = "other"


_REMEDY = {
    ErrorKind.AUTH: "check user and password_file (or password_env), and that the camera lets this user view",
    ErrorKind.NOT_FOUND: "check the path in url: it differs from make to make; the camera's page or manual names it",
    ErrorKind.UNREACHABLE: "check host and port in url, the cable, the camera's power and the firewall",
    ErrorKind.TIMEOUT: "check the network to the camera; where it is slow, raise connect_timeout_s or stall_timeout_s",
    ErrorKind.BUSY: "the camera serves as many viewers as it can: close others or raise its limit",
    ErrorKind.BAD_CODEC: "set the camera to H.264 or H.265",
    ErrorKind.BAD_DATA: "check that url names a video stream or file, and that the file is whole",
    ErrorKind.NO_VIDEO: "check that url names the camera's video stream",
    ErrorKind.CUT: "if this happens often, look at the camera's power and network",
    ErrorKind.OTHER: "try the address by hand: lushao cameras probe URL",
}


class StreamError(Exception):
    """A stream cannot be read. The text says what happened and the remedy, and never holds a password."""

    def __init__(self, kind: ErrorKind, what: str, remedy: str | None = None) -> None:
        """`remedy`: instead of the usual one for the kind."""
        super().__init__(f"{what}: {remedy or _REMEDY[kind]}")
        self.kind = kind


_BY_TYPE: tuple[tuple[type[Exception], ErrorKind], ...] = (
    (av.error.HTTPUnauthorizedError, ErrorKind.AUTH),
    (av.error.HTTPForbiddenError, ErrorKind.AUTH),
    (av.error.HTTPNotFoundError, ErrorKind.NOT_FOUND),
    (av.error.HTTPServerError, ErrorKind.BUSY),
    (av.error.DecoderNotFoundError, ErrorKind.BAD_CODEC),
    (av.error.ExitError, ErrorKind.TIMEOUT),
    (av.error.EOFError, ErrorKind.CUT),
    (av.error.InvalidDataError, ErrorKind.BAD_DATA),
    (FileNotFoundError, ErrorKind.NOT_FOUND),
    (TimeoutError, ErrorKind.TIMEOUT),
    (PermissionError, ErrorKind.AUTH),
    (ConnectionRefusedError, ErrorKind.UNREACHABLE),
    (ConnectionError, ErrorKind.CUT),
)
_REFUSED = "check the path in url, close other viewers, and let the camera serve RTSP over TCP"
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}


def classify(error: av.FFmpegError, *, where: str, running: bool, waited_s: float, timeout_s: float) -> StreamError:
    """What an error of libav means.

    `where`: the address as it may be shown; `running`: frames had come. libav tells a connection that was given
    up after `timeout_s` and a name that cannot be resolved only by odd codes, hence `waited_s`.
    """
    kind = next((kind for of, kind in _BY_TYPE if isinstance(error, of)), ErrorKind.OTHER)
    if error.errno in _UNREACHABLE:
        kind = ErrorKind.UNREACHABLE
    elif waited_s >= timeout_s and kind in {ErrorKind.BAD_DATA, ErrorKind.OTHER, ErrorKind.CUT}:
        kind = ErrorKind.TIMEOUT
    elif error.errno == errno.EIO:
        kind = ErrorKind.CUT if running else ErrorKind.UNREACHABLE
    # The text of the error itself may hold the address with its password; strerror does not.
    if "://" not in where:
        return _of_a_file(kind, where, error.strerror or type(error).__name__)
    if isinstance(error, av.error.HTTPOtherClientError | av.error.HTTPBadRequestError):
        return StreamError(kind, f"{where}: the camera refuses the request", _REFUSED)
    said = error.strerror or type(error).__name__
    if kind is ErrorKind.TIMEOUT:
        said = "no answer in time"
    elif kind is ErrorKind.UNREACHABLE and error.errno == errno.EIO:
        said = "its host is not known or cannot be reached"
    return StreamError(kind, f"{where}: {said}")


def _of_a_file(kind: ErrorKind, where: str, said: str) -> StreamError:
    if kind is ErrorKind.NOT_FOUND:
        return StreamError(kind, f"{where}: {said}", "check the path in url; in a site it is seen from the site's file")
    if kind is ErrorKind.AUTH:
        return StreamError(kind, f"{where}: {said}", "let the user that runs this read the file")
    return StreamError(ErrorKind.BAD_DATA, f"{where}: {said}")
