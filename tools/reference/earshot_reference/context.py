"""City and time of a recording as the networks' inputs."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from earshot_reference.configuration import ContextParameters, ReferenceError

UNKNOWN = -1
"""Index of a city that stands for the mean of all."""


def time_features(moment: datetime | None, encoding: str = "cyclic") -> NDArray[np.float32]:
    """Sine and cosine of the hour, month, weekday (Monday = 0) and minute: [8].

    Eight zeros for an unknown time or the encoding "zeros".
    """
    if moment is None or encoding == "zeros":
        return np.zeros(8, np.float32)
    turns = np.array(
        [moment.hour / 24, moment.month / 12, moment.weekday() / 7, moment.minute / 60]
    )
    angles = 2 * np.pi * turns
    return np.stack([np.sin(angles), np.cos(angles)], 1).ravel().astype(np.float32)


def location_index(city: str | None, parameters: ContextParameters) -> int:
    """Row of the city's embedding, or what the policy for unknown cities says.

    Raises:
        ReferenceError: for an unknown city under the policy "error".
    """
    if city in parameters.locations:
        return parameters.locations.index(city)
    if parameters.unknown_location == "error":
        raise ReferenceError(f"city {city!r} is not one of the model's {parameters.locations}")
    return 0 if parameters.unknown_location == "first" else UNKNOWN
