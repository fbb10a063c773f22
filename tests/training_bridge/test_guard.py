import json

import pytest

from training_bridge.guard import GradientGuard


def full(norm: float = 1.0) -> GradientGuard:
    guard = GradientGuard()
    assert all(guard.accept(norm) for _ in range(100))
    return guard


def test_never_skips_with_fewer_than_100_norms():
    guard = GradientGuard()
    assert all(guard.accept(norm) for norm in [1.0] * 50 + [1e6] + [1.0] * 49)


def test_threshold_is_1_2_times_the_mean_plus_0_1():
    assert full().accept(1.299)
    assert not full().accept(1.301)


def test_isolated_spike_is_skipped_and_not_recorded():
    guard = full()
    assert not guard.accept(50.0)
    assert list(guard.norms) == [1.0] * 100
    assert guard.accept(1.0)
    assert not guard.accept(50.0)  # the counter began anew


def test_second_spike_in_a_row_is_applied_and_recorded():
    guard = full()
    assert [guard.accept(50.0), guard.accept(60.0)] == [False, True]
    assert guard.norms[-1] == 60.0 and len(guard.norms) == 100
    # The mean is now 1.59: 2.0 is within 1.2 * 1.59 + 0.1, and 2.1 is not.
    assert guard.accept(2.0)
    assert not guard.accept(2.2)


def test_report_trace():
    guard = full()
    norms = [1.0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0, 1.0]
    assert [guard.accept(norm) for norm in norms] == [True, False, True, False, True, True, False, True]


def test_state_survives_json():
    guard = full()
    guard.accept(50.0)
    restored = GradientGuard()
    restored.load_state_dict(json.loads(json.dumps(guard.state_dict())))
    for norm in (60.0, 1.0, 3.0, 3.0, 1.2):
        assert guard.accept(norm) == restored.accept(norm)
    assert guard.state_dict() == restored.state_dict()


def test_switched_off_still_records():
    guard = full()
    assert guard.accept(50.0, may_skip=False)
    assert guard.norms[-1] == 50.0


@pytest.mark.parametrize("norm", [float("nan"), float("inf")])
def test_non_finite_is_never_applied(norm):
    guard = GradientGuard()
    assert not any(guard.accept(norm, may_skip=False) for _ in range(9))
    assert guard.accept(1.0)
    assert not any(guard.accept(norm) for _ in range(9))
    with pytest.raises(FloatingPointError, match="10 gradient norms in a row"):
        guard.accept(norm)
    assert list(guard.norms) == [1.0]
