"""The clock's error, as the kernel knows it."""

from __future__ import annotations

import ctypes

from edge.clock import _Timex, clock_error_ms


def test_the_error_is_unknown_or_below_what_the_kernel_calls_unsynchronised() -> None:
    error = clock_error_ms()
    assert error is None or 0 <= error < 16_000


def test_the_fields_lie_where_the_kernel_writes_them() -> None:
    """struct timex of include/uapi/linux/timex.h on 64 bit; the kernel writes 208 bytes."""
    assert (_Timex.maxerror.offset, _Timex.esterror.offset, _Timex.status.offset) == (24, 32, 40)
    assert ctypes.sizeof(_Timex) >= 208
