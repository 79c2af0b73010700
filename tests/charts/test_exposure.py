"""Rollout lines: jumps, ramps, ends and tails."""

from incidents.charts.exposure import Rollout, free_spans, share_at, share_line, simplified


def test_at_once_and_still_in_force() -> None:
    assert share_line(Rollout(started=10), until=50) == ((10, 0), (10, 1), (50, 1))


def test_steps_jump_and_a_revert_falls_at_once() -> None:
    line = share_line(Rollout(started=0, ended=30, steps=((0, 0.1), (10, 0.5), (40, 1.0))), until=50)
    assert line == ((0, 0), (0, 0.1), (10, 0.1), (10, 0.5), (30, 0.5), (30, 0))


def test_a_linear_ramp_is_cut_where_the_change_ends() -> None:
    line = share_line(Rollout(started=0, ended=5, steps=((0, 0.0), (10, 1.0)), linear=True), until=50)
    assert line == ((0, 0), (5, 0.5), (5, 0))


def test_a_switch_off_and_on_again_shows_both() -> None:
    line = share_line(Rollout(started=0, steps=((0, 1.0), (5, 0.0), (8, 1.0))), until=20)
    assert [share_at(line, at) for at in (2, 6, 9, 30)] == [1, 0, 1, 1]


def test_a_fix_that_travels_by_version_leaves_a_tail() -> None:
    tail = ((10.0, 1.0), (20.0, 0.5), (30.0, 0.25), (40.0, 0.01), (50.0, 0.0))
    line = share_line(Rollout(started=0, ended=10, tail=tail), until=100)
    assert line == ((0, 0), (0, 1), (10, 1), (20, 0.5), (30, 0.25), (40, 0.01), (40, 0))
    assert share_at(line, 15) == 0.75
    cut = share_line(Rollout(started=0, ended=10, tail=tail), until=25)
    assert cut[-1] == (20, 0.5)


def test_what_ends_after_the_window_is_in_force_at_its_end() -> None:
    assert share_line(Rollout(started=0, ended=90), until=50)[-1] == (50, 1)


def test_a_simplified_line_keeps_jumps_and_stays_within_half_a_pixel() -> None:
    curve = [(float(hour), 1.0 / (1.0 + 2.718 ** ((hour - 300) / 60))) for hour in range(0, 600, 6)]
    line = [(0.0, 0.0), *curve, (600.0, 0.0), (600.0, 0.5), (700.0, 0.5)]
    kept = simplified(line, hours_a_pixel=2.0)
    assert len(kept) < len(line) / 4
    assert {(600.0, 0.0), (600.0, 0.5)} <= set(kept)
    for at, share in curve[1:]:
        assert abs(share_at(kept, at) - share) * 16 < 1.0


def test_spans_in_which_nothing_was_in_force() -> None:
    first = share_line(Rollout(started=50, ended=100), until=500)
    second = share_line(Rollout(started=90, ended=200, tail=((250.0, 0.3), (300.0, 0.0))), until=500)
    third = share_line(Rollout(started=310), until=500)
    assert free_spans([third, first, second], (0, 500), least=24) == [(0, 50)]
    assert free_spans([first, second], (0, 500), least=24) == [(0, 50), (300, 500)]
    assert free_spans([], (0, 10), least=24) == []
