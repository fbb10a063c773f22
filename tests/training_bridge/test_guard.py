import json

import numpy as np
import pytest

from training_bridge.guard import GradientGuard


def accept(guard: GradientGuard, norm: float, active: bool = True) -> bool:
    return guard.limit(norm, active=active) is not None


def full(norm: float = 1.0) -> GradientGuard:
    guard = GradientGuard()
    assert all(accept(guard, norm) for _ in range(100))
    return guard


def test_never_skips_with_fewer_than_100_norms():
    guard = GradientGuard()
    assert all(accept(guard, norm) for norm in [1.0] * 50 + [1e6] + [1.0] * 49)


def test_threshold_is_1_2_times_the_mean_plus_0_1():
    assert accept(full(), 1.299)
    assert not accept(full(), 1.301)


def test_isolated_spike_is_skipped_and_not_recorded():
    guard = full()
    assert not accept(guard, 50.0)
    assert list(guard.norms) == [1.0] * 100
    assert accept(guard, 1.0)
    assert not accept(guard, 50.0)  # the counter began anew


def test_second_spike_in_a_row_is_applied_and_recorded():
    guard = full()
    assert [accept(guard, 50.0), accept(guard, 60.0)] == [False, True]
    assert guard.norms[-1] == 60.0 and len(guard.norms) == 100
    # The mean is now 1.59: 2.0 is within 1.2 * 1.59 + 0.1, and 2.1 is not.
    assert accept(guard, 2.0)
    assert not accept(guard, 2.2)


def test_report_trace():
    guard = full()
    norms = [1.0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0, 1.0]
    assert [accept(guard, norm) for norm in norms] == [True, False, True, False, True, True, False, True]


def test_state_survives_json():
    guard = full()
    accept(guard, 50.0)
    restored = GradientGuard()
    restored.load_state_dict(json.loads(json.dumps(guard.state_dict())))
    for norm in (60.0, 1.0, 3.0, 3.0, 1.2):
        assert accept(guard, norm) == accept(restored, norm)
    assert guard.state_dict() == restored.state_dict()


def test_switched_off_still_records():
    guard = full()
    assert accept(guard, 50.0, active=False)
    assert guard.norms[-1] == 50.0


def test_plain_clipping_skips_nothing():
    guard = GradientGuard("norm", 0.5)
    assert [guard.limit(norm) for norm in [1.0] * 100 + [1e6]] == [0.5] * 101


def zclip_reference(norms, threshold=2.5, alpha=0.97, warm_up=25) -> list[float]:
    """What each norm is brought to, by the formulas of the paper (section 3)."""
    mean, variance, out = np.mean(norms[:warm_up]), np.var(norms[:warm_up]), list(norms[:warm_up])
    for norm in norms[warm_up:]:
        z = (norm - mean) / variance**0.5
        clipped = mean + threshold**2 / z * variance**0.5 if z > threshold else norm
        variance = alpha * variance + (1 - alpha) * (clipped - mean) ** 2
        mean = alpha * mean + (1 - alpha) * clipped
        out.append(clipped)
    return out


def test_zclip_against_its_formulas():
    norms = np.random.default_rng(0).normal(1.0, 0.1, 200)
    norms[[60, 61, 150]] *= 20
    guard = GradientGuard("zclip", max_norm=100.0)
    found = [min(norm, guard.limit(norm)) for norm in norms]
    assert found == pytest.approx(zclip_reference(norms), rel=1e-12)
    assert found[60] < 1.3 and found[:25] == norms[:25].tolist()


def test_zclip_of_equal_norms_and_its_ceiling():
    guard = GradientGuard("zclip", max_norm=0.7)
    assert [guard.limit(0.5) for _ in range(30)] == [0.7] * 30
    assert guard.limit(50.0) == 0.5


def test_zclip_state_survives_json():
    norms = np.random.default_rng(1).normal(1.0, 0.1, 80).tolist()
    whole = GradientGuard("zclip")
    expected = [whole.limit(norm) for norm in norms]
    for cut in (10, 24, 25, 60):
        first, second = GradientGuard("zclip"), GradientGuard("zclip")
        found = [first.limit(norm) for norm in norms[:cut]]
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert found + [second.limit(norm) for norm in norms[cut:]] == expected


@pytest.mark.parametrize("policy", ["m1_skip", "norm", "zclip"])
@pytest.mark.parametrize("norm", [float("nan"), float("inf")])
def test_non_finite_is_never_applied(norm, policy):
    guard = GradientGuard(policy)
    assert not any(accept(guard, norm, active=False) for _ in range(9))
    assert accept(guard, 1.0)
    assert not any(accept(guard, norm) for _ in range(9))
    with pytest.raises(FloatingPointError, match="10 gradient norms in a row"):
        accept(guard, norm)
    assert set(guard.norms) <= {1.0}
