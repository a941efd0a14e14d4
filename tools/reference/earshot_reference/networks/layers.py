"""What more than one network is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earshot_reference.configuration import ModelConfig, ReferenceError

EPSILON = 1e-5


class SceneNetwork(nn.Module, ABC):
    """Features, and perhaps city and time, to scenes."""

    architecture: ClassVar[str]
    """Its name in ``config.json``."""
    mark: ClassVar[str]
    """A tensor that every network of the kind has, and no other."""
    sizes: Any
    """All that its constructor must be told; has ``classes``, ``locations``."""

    @staticmethod
    @abstractmethod
    def of(state: Mapping[str, Tensor], config: ModelConfig) -> SceneNetwork:
        """The network that a state dict and its config describe, ready for inference.

        Raises:
            KeyError: if a tensor that every network of the kind has is missing.
            RuntimeError: if tensors are missing, left over or of the wrong shape.
            ReferenceError: if the config contradicts the weights.
        """

    @staticmethod
    @abstractmethod
    def section(state: Mapping[str, Tensor]) -> dict[str, Any]:
        """The ``model`` section of the config of weights that come without one.

        Raises:
            KeyError: as for :meth:`of`.
            ReferenceError: if the weights are not those of a paper's system.
        """

    @property
    def contextual(self) -> bool:
        """Whether city and time are inputs."""
        return self.sizes.locations is not None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what :meth:`forward` takes, in its order."""
        return ("features", "location", "time_features") if self.contextual else ("features",)

    @abstractmethod
    def embed(
        self,
        features: Tensor,
        location: Tensor | None = None,
        time_features: Tensor | None = None,
    ) -> Tensor:
        """The vector that enters the last linear layer; arguments as for :meth:`forward`."""

    @abstractmethod
    def classify(self, embedding: Tensor) -> dict[str, Tensor]:
        """``logits`` [B, classes] and whatever else the network says of an embedding."""

    def outputs(self, *inputs: Tensor, **named: Tensor) -> dict[str, Tensor]:
        """``embedding`` and what :meth:`classify` makes of it; arguments as for :meth:`embed`."""
        embedding = self.embed(*inputs, **named)
        return {"embedding": embedding, **self.classify(embedding)}

    def forward(
        self,
        features: Tensor,
        location: Tensor | None = None,
        time_features: Tensor | None = None,
    ) -> Tensor:
        """Logits [B, classes].

        Args:
            features: log-mel in dB [B, T, F].
            location: index of the city [B], int64; -1 where it is not known.
            time_features: [B, 8] (:func:`earshot_reference.context.time_features`).
        """
        return self.classify(self.embed(features, location, time_features))["logits"]


class WithContext(nn.Module):
    """A module that holds ``location_embedding`` and ``time_mapping`` under these names."""

    def add_context(self, locations: int, location_width: int, time_width: int) -> None:
        """Adds the two."""
        self.location_embedding = nn.Embedding(locations, location_width)
        self.time_mapping = nn.Linear(8, time_width)

    def context(self, location: Tensor | None, time_features: Tensor | None) -> Tensor:
        """City beside time, [B, location_width + time_width].

        Args:
            location: [B] int64, -1 for an unknown city (the mean of all rows).
            time_features: [B, 8].
        """
        if location is None or time_features is None:
            raise ValueError("a network with context needs location and time")
        unknown = (location < 0)[:, None]
        city = self.location_embedding(location.clamp(min=0))
        city = torch.where(unknown, self.location_embedding.weight.mean(0), city)
        return torch.cat([city, F.relu(self.time_mapping(time_features))], 1)


class LateFusionNetwork(WithContext, SceneNetwork):
    """A network that hears first, and is told city and time, if at all, after that."""

    @abstractmethod
    def listen(self, features: Tensor) -> Tensor:
        """Features [B, T, F] to one vector for each clip."""

    @abstractmethod
    def fuse(self, x: Tensor) -> Tensor:
        """That vector, the context's behind it if there is one, to the embedding."""

    def embed(
        self,
        features: Tensor,
        location: Tensor | None = None,
        time_features: Tensor | None = None,
    ) -> Tensor:
        """See :meth:`SceneNetwork.embed`."""
        x = self.listen(features)
        if self.contextual:
            x = torch.cat([x, self.context(location, time_features)], 1)
        return self.fuse(x)


def context_sizes(state: Mapping[str, Tensor], prefix: str = "") -> dict[str, int]:
    """``locations``, ``location_width``, ``time_width`` of a state dict with context.

    Raises:
        KeyError: if it has none.
    """
    locations, location_width = state[f"{prefix}location_embedding.weight"].shape
    time_width = state[f"{prefix}time_mapping.weight"].shape[0]
    return {"locations": locations, "location_width": location_width, "time_width": time_width}


def count(names: Iterable[str], prefix: str) -> int:
    """How many numbers follow a prefix: the length of the ModuleList behind it."""
    rests = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return len({rest.split(".", 1)[0] for rest in rests})


def require_equal(field: str, found: object, expected: object) -> None:
    """Raises ReferenceError unless what a config says is what the weights are for."""
    if found != expected:
        raise ReferenceError(f"{field}: found {found!r}, the weights are for {expected!r}")
