from datetime import datetime

import numpy as np
import pytest

from earshot_reference.configuration import ContextParameters, ReferenceError
from earshot_reference.context import UNKNOWN, location_index, time_features


def test_time_features_are_points_on_four_circles():
    # 2023-06-18 was a Sunday: weekday 6 of 7; June is half of the year, 18 h three quarters.
    actual = time_features(datetime(2023, 6, 18, 18, 45))
    week = 2 * np.pi * 6 / 7
    expected = [-1, 0, 0, -1, np.sin(week), np.cos(week), -1, 0]
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_unknown_time_and_the_baselines_encoding_are_zeros():
    assert not time_features(None).any()
    assert not time_features(datetime(2023, 6, 18, 18, 45), "zeros").any()


def test_unknown_city_follows_the_policy():
    assert location_index("Xi'an", ContextParameters()) == 0
    assert location_index("Dandong", ContextParameters()) == 21
    assert location_index("Oslo", ContextParameters(unknown_location="first")) == 0
    assert location_index("Oslo", ContextParameters(unknown_location="mean")) == UNKNOWN
    with pytest.raises(ReferenceError, match="Oslo"):
        location_index("Oslo", ContextParameters(unknown_location="error"))
