"""Work of dense parts adds up."""

import pytest

from neurotool.ir.costs import DenseCounts, total_counts


def test_counts_add_up_and_keep_their_batch_and_number_format():
    one, two = DenseCounts(1.0, 10.0, 1, 4, "float16"), DenseCounts(2.0, 20.0, 3, 4, "float16")
    assert one + two == total_counts([one, two], 4) == DenseCounts(3.0, 30.0, 4, 4, "float16")


def test_nothing_to_do_is_no_work():
    assert total_counts([], 4) == DenseCounts(0.0, 0.0, 0, 4)


@pytest.mark.parametrize("other", [DenseCounts(1.0, 1.0, 1, 2), DenseCounts(1.0, 1.0, 1, 1, "float16")])
def test_work_counted_in_different_ways_does_not_add_up(other):
    with pytest.raises(ValueError, match="work of batch 1 in float32"):
        DenseCounts(1.0, 1.0, 1, 1) + other
