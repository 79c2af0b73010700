"""Lane packing: nothing hides anything, the same input always gives the same picture, and it is fast."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.charts.lanes import GAP, LEAST_BAR, Cluster, Span, cluster, pack, text_width

WIDTH = 1000.0
spans = st.lists(
    st.builds(
        lambda key, start, length, label: Span(key=key, start=start, end=start + length, label=label, marks=6.0),
        st.integers(0, 10**6),
        st.floats(-500, 1400),
        st.floats(0, 1500),
        st.text("aMi W1.", max_size=40),
    ),
    max_size=40,
    unique_by=lambda span: span.key,
)


@given(spans, st.sampled_from([260.0, 1000.0]))
@settings(max_examples=120, deadline=None)
def test_no_two_occupants_of_a_lane_touch(found: list[Span], width: float) -> None:
    packed = pack(found, width=width)
    for lane in range(packed.n):
        taken = sorted(item.occupied for item in packed.items if item.lane == lane)
        assert taken
        for (_, left_end), (right_start, _) in pairwise(taken):
            assert left_end + GAP <= right_start + 1e-6
    for item in packed.items:
        low, high = item.occupied
        assert low >= -1e-6
        assert high <= width + 1e-6


@given(spans)
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_input_does_not_matter(found: list[Span]) -> None:
    shuffled = list(found)
    random.Random(1).shuffle(shuffled)
    assert pack(found, width=WIDTH) == pack(shuffled, width=WIDTH)


def test_labels_go_inside_then_right_then_left() -> None:
    label = "Reasoning effort"
    room = text_width(label)
    found = {
        item.key: item
        for item in pack(
            [
                Span(key=1, start=0, end=room + 40, label=label),
                Span(key=2, start=100, end=110, label=label),
                Span(key=3, start=WIDTH - 20, end=WIDTH - 10, label=label),
                Span(key=4, start=300, end=320, label=""),
            ],
            width=WIDTH,
        ).items
    }
    assert [found[key].place for key in (1, 2, 3, 4)] == ["inside", "right", "left", "none"]
    assert found[3].label_at + found[3].label_width < found[3].left


def test_intervals_that_follow_each_other_share_a_lane_and_overlapping_ones_do_not() -> None:
    first = Span(key=1, start=0, end=200, label="a")
    second = Span(key=2, start=220, end=400, label="b")
    third = Span(key=3, start=190, end=300, label="c")
    assert pack([first, second], width=WIDTH).n == 1
    lanes = {item.key: item.lane for item in pack([first, second, third], width=WIDTH).items}
    assert lanes == {1: 0, 2: 0, 3: 1}


def test_what_lies_outside_the_window_is_left_out_and_what_sticks_out_is_clipped() -> None:
    packed = pack(
        [
            Span(key=1, start=-50, end=-1, label="before"),
            Span(key=2, start=WIDTH + 1, end=WIDTH + 50, label="after"),
            Span(key=3, start=-50, end=WIDTH + 50, label="through"),
            Span(key=4, start=500, end=500.2, label="short"),
        ],
        width=WIDTH,
    )
    found = {item.key: item for item in packed.items}
    assert set(found) == {3, 4}
    assert (found[3].left, found[3].right) == (0.0, WIDTH)
    assert found[4].right - found[4].left == pytest.approx(LEAST_BAR)


def test_three_hundred_changes_take_no_time() -> None:
    generator = random.Random(7)
    many = [
        Span(key=i, start=s, end=s + generator.expovariate(1 / 120), label="A change of some sort", marks=8)
        for i, s in enumerate(generator.uniform(-50, WIDTH) for _ in range(300))
    ]
    started = time.perf_counter()
    packed = pack(many, width=WIDTH)
    assert time.perf_counter() - started < 0.15
    assert len(packed.items) >= 290


def test_marks_close_together_become_one() -> None:
    assert cluster([(30, 3), (0, 1), (5, 2), (11.9, 4), (12.1, 5)], apart=12) == [
        Cluster(at=0, keys=(1, 2, 4)),
        Cluster(at=12.1, keys=(5,)),
        Cluster(at=30, keys=(3,)),
    ]
