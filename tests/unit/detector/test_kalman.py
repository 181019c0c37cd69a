import numpy as np
import pytest

from detector.kalman import BoxFilterBank, Noise, boxes_to_states, states_to_boxes


def bank_with(box: list[float]) -> BoxFilterBank:
    bank = BoxFilterBank(Noise())
    bank.add(np.array([box], np.float32))
    return bank


def test_boxes_and_states_are_two_ways_to_say_the_same() -> None:
    boxes = np.array([[10, 20, 50, 100], [0, 0, 1, 1]], np.float32)
    assert np.allclose(states_to_boxes(boxes_to_states(boxes)), boxes)


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_the_speed_of_a_steady_vehicle_is_learned_at_any_frame_rate(fps: int) -> None:
    bank = bank_with([0, 0, 100, 100])
    for i in range(1, 2 * fps):
        x = 120.0 * i / fps
        bank.predict(1 / fps)
        bank.correct(np.array([0]), np.array([[x, 0, x + 100, 100]], np.float32))
    assert bank.mean[0, 0, 1] == pytest.approx(120.0, rel=0.05)
    assert bank.mean[0, 1, 1] == pytest.approx(0.0, abs=1.0)


def test_one_step_is_as_many_small_ones() -> None:
    once, often = bank_with([0, 0, 100, 100]), bank_with([0, 0, 100, 100])
    once.predict(0.6)
    for _ in range(6):
        often.predict(0.1)
    assert np.allclose(once.mean, often.mean)
    assert np.allclose(once.cov, often.cov)


def test_doubt_grows_while_unseen_and_shrinks_when_seen() -> None:
    bank = bank_with([0, 0, 100, 100])
    before = bank.position_std[0, 0]
    bank.predict(0.5)
    unseen = bank.position_std[0, 0]
    bank.correct(np.array([0]), np.array([[0, 0, 100, 100]], np.float32))
    assert before < unseen
    assert bank.position_std[0, 0] < unseen


def test_covariances_stay_positive_over_a_long_run() -> None:
    bank, rng = bank_with([0, 0, 40, 30]), np.random.default_rng(1)
    for _ in range(2000):
        bank.predict(float(rng.choice([0.03, 0.2, 1.0])))
        jitter = rng.normal(0, 3, 4)
        bank.correct(np.array([0]), (np.array([[0, 0, 40, 30]]) + jitter).astype(np.float32))
    p00, p01, p11 = bank.cov[0, :, 0], bank.cov[0, :, 1], bank.cov[0, :, 2]
    assert (p00 > 0).all()
    assert (p11 > 0).all()
    assert (p00 * p11 - p01**2 > 0).all()
