"""So many at a time, first come, first served."""

from __future__ import annotations

import threading
import time

import pytest

from detector.lanes import Lanes


def test_they_are_let_in_in_the_order_they_came() -> None:
    lanes, came, order = Lanes(1), threading.Semaphore(0), []

    def work(number: int) -> None:
        came.release()
        with lanes:
            order.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    with lanes:
        for thread in threads:
            thread.start()
            came.acquire()
            time.sleep(0.005)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_a_lane_is_free_again_after_a_fault() -> None:
    lanes = Lanes(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="fault"), lanes, lanes:
            raise ValueError("fault")
    with lanes, lanes:
        pass
