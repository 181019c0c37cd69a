"""How far the system clock may be off, as the kernel's time discipline knows it."""

from __future__ import annotations

import ctypes

_UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2)."""


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>, Linux, 64 bit; `tail` is longer than what the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("tail", ctypes.c_char * 256),
    )


def clock_error_ms() -> float | None:
    """Largest possible error of the clock in ms (maxerror of adjtimex(2)); None when no time source disciplines it."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    timex = _Timex()
    if adjtimex is None or adjtimex(ctypes.byref(timex)) < 0 or timex.status & _UNSYNCHRONISED:
        return None
    return round(float(timex.maxerror) / 1000, 3)
