"""The ``config.json`` of a model directory."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DEFAULT_LABELS = (
    "Bus",
    "Airport",
    "Metro",
    "Restaurant",
    "Shopping mall",
    "Public square",
    "Urban park",
    "Traffic street",
    "Construction site",
    "Bar",
)

COARSE_LABELS = ("indoor", "outdoor")

# The paper's list; what it leaves out is outdoors.
_INDOOR = ("Bus", "Metro", "Restaurant", "Shopping mall", "Bar")

DEFAULT_SUPERSET = {label: "indoor" if label in _INDOOR else "outdoor" for label in DEFAULT_LABELS}

DEFAULT_LOCATIONS = (
    "Xi'an",
    "Xianyang",
    "Changchun",
    "Jinan",
    "Hefei",
    "Sanya",
    "Nanning",
    "Haikou",
    "Guilin",
    "Guangzhou",
    "Chongqing",
    "Shenyang",
    "Beijing",
    "Baishan",
    "Taiyuan",
    "Tianjin",
    "Nanchang",
    "Shanghai",
    "Luoyang",
    "Liupanshui",
    "Shangrao",
    "Dandong",
)

ARCHITECTURES = ("ascmamba", "se-trans", "mobile-asc-net")
TIME_ENCODINGS = ("cyclic", "zeros")
GPU_PEER_SECTIONS = ("network", "kernels", "compiled")
PAD_MODES = ("constant", "reflect")
UNKNOWN_LOCATION_POLICIES = ("first", "mean", "error")


class ReferenceError(Exception):
    """What a user of these tools can mend: a message without a stack trace."""


def _require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ReferenceError(f"{name}: found {value!r}, expected one of {', '.join(allowed)}")


def _require_kind(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ReferenceError(f"{name}: found {value!r:.80}, expected a {kind.__name__}")


def _require_number(name: str, value: object, kind: type | tuple[type, ...], least: int) -> None:
    # Python counts True as 1; NaN is not at least anything.
    if isinstance(value, bool) or not isinstance(value, kind) or not value >= least:
        what = "a whole number" if kind is int else "a number"
        raise ReferenceError(f"{name}: found {value!r:.80}, expected {what} of at least {least}")


@dataclass(frozen=True)
class FeatureParameters:
    """Parameters of the log-mel front end (spec/features.md)."""

    sample_rate: int = 44100
    n_fft: int = 2048
    win_length: int = 1764
    hop_length: int = 882
    n_mels: int = 64
    fmin: float = 50.0
    fmax: float = 22050.0
    frames: int = 500
    pad_mode: str = "constant"
    top_db: float = 80.0

    def __post_init__(self) -> None:
        for name in ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "frames"):
            _require_number(f"features.{name}", getattr(self, name), int, 1)
        for name in ("fmin", "fmax", "top_db"):
            _require_number(f"features.{name}", getattr(self, name), (int, float), 0)
        _require_one_of("features.pad_mode", self.pad_mode, PAD_MODES)
        if self.win_length > self.n_fft:
            raise ReferenceError(
                f"features.win_length: found {self.win_length}, over n_fft ({self.n_fft})"
            )


@dataclass(frozen=True)
class ContextParameters:
    """What the network knows of places and times."""

    locations: tuple[str, ...] = DEFAULT_LOCATIONS
    time_encoding: str = "cyclic"
    unknown_location: str = "first"

    def __post_init__(self) -> None:
        _require_one_of("context.time_encoding", self.time_encoding, TIME_ENCODINGS)
        _require_one_of(
            "context.unknown_location", self.unknown_location, UNKNOWN_LOCATION_POLICIES
        )


@dataclass(frozen=True)
class ModelConfig:
    """All that the weights do not say by themselves."""

    architecture: str
    labels: tuple[str, ...] = DEFAULT_LABELS
    features: FeatureParameters = FeatureParameters()
    context: ContextParameters | None = None
    model: dict[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Writes ``config.json``."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def read(path: Path) -> ModelConfig:
        """Reads ``config.json``.

        Raises:
            ReferenceError: naming the file and what is wrong with it.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            context = fields.get("context")
            _require_kind("architecture", fields["architecture"], str)
            _require_kind("labels", fields["labels"], list)
            _require_kind("model", fields.get("model", {}), dict)
            if context is not None:
                context = ContextParameters(**context | {"locations": tuple(context["locations"])})
            return ModelConfig(
                architecture=fields["architecture"],
                labels=tuple(fields["labels"]),
                features=FeatureParameters(**fields["features"]),
                context=context,
                model=fields.get("model", {}),
            )
        except OSError as e:
            raise ReferenceError(f"{path}: cannot be read: {e.strerror}") from e
        except KeyError as e:
            raise ReferenceError(f"{path}: field {e} is missing") from e
        except RecursionError as e:
            raise ReferenceError(f"{path}: lists or objects too deep in each other") from e
        except (TypeError, AttributeError, ValueError, ReferenceError) as e:
            raise ReferenceError(f"{path}: {e}") from e
