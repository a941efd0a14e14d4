"""The same recordings through PyTorch and through Earshot, each from the file to the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from earshot_reference import context, model_directory
from earshot_reference.configuration import ModelConfig, ReferenceError
from earshot_reference.networks.fast_scan import fast_selective_scan
from torch import Tensor

from earshot_training import earshot, networks
from earshot_training.data import Clip, ClipSet, load_cas, load_features
from earshot_training.engine import probabilities

# What is allowed between two resamplers, two front ends and two networks in float32: soxr's filter
# and Earshot's differ by up to 0.04 dB (0.5 %) in the highest bands, which a network may multiply.
# A wrong window, mel filter or context is off by far more.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Agreement:
    """What both said of the same clips."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    truth: tuple[str | None, ...]
    pytorch: Tensor
    """Probabilities [n, classes]."""
    earshot: Tensor
    """Likewise."""

    @property
    def differences(self) -> Tensor:
        """[n]: of a clip's probabilities, the largest."""
        return (self.pytorch - self.earshot).abs().amax(1)

    @property
    def largest_difference(self) -> float:
        """Of any probability."""
        return self.differences.max().item()

    @property
    def different(self) -> list[int]:
        """Clips that were given two labels."""
        return (self.pytorch.argmax(1) != self.earshot.argmax(1)).nonzero()[:, 0].tolist()

    @property
    def agrees(self) -> bool:
        """Whether all labels are equal and all probabilities within the tolerance."""
        return not self.different and self.largest_difference <= TOLERANCE

    def correct(self) -> Tensor:
        """[n]: whether Earshot's answer is the clip's label."""
        number = {label: index for index, label in enumerate(self.labels)}
        truth = torch.tensor([number.get(label, -1) for label in self.truth])
        return self.earshot.argmax(1) == truth

    @property
    def ahead(self) -> Tensor:
        """[n]: by how much PyTorch's best probability is above its second."""
        best = self.pytorch.topk(2).values
        return best[:, 0] - best[:, 1]

    @property
    def close(self) -> int:
        """Clips whose two best probabilities are closer than the tolerance."""
        return int((self.ahead < TOLERANCE).sum())

    def disagreements(self) -> list[str]:
        """A line for each clip with two labels."""
        lines = []
        for row in self.different:
            ours, theirs = (self.labels[x[row].argmax()] for x in (self.pytorch, self.earshot))
            lines.append(
                f"{self.names[row]}: PyTorch {ours}, Earshot {theirs}; PyTorch's two best are "
                f"{self.ahead[row]:.1e} apart"
            )
        return lines

    def lines(self) -> list[str]:
        """The result in words."""
        lines = [
            f"{len(self.names)} clips, {len(self.different)} with another label; largest "
            f"difference of a probability {self.largest_difference:.1e} (allowed {TOLERANCE:g})"
        ]
        if self.close:
            lines.append(
                f"{self.close} clips whose two best probabilities are less than {TOLERANCE:g} "
                "apart: rounding may decide their label"
            )
        lines += self.disagreements()
        lines.append("they agree" if self.agrees else "they do NOT agree")
        return lines


def compare(model: Path, metadata: Path, audio: Path, cache: Path | None = None) -> Agreement:
    """Classifies a set with both.

    Args:
        model: model directory.
        metadata: CSV in the challenge's form; labels may be missing.
        audio: folder with the recordings, none longer than a clip of the model.
        cache: folder in which PyTorch's features are kept.

    Raises:
        ReferenceError: if either cannot do it.
    """
    network, config = model_directory.load(model)
    networks.use_scan(network, fast_selective_scan)
    clips = load_cas(metadata, audio, config.labels)
    if not clips.clips:
        raise ReferenceError(f"{metadata}: found no row, expected at least one")
    ours = torch.stack([_answer(network, config, clips, row, cache) for row in range(len(clips))])
    return Agreement(
        tuple(clip.name for clip in clips.clips),
        config.labels,
        tuple(clip.label for clip in clips.clips),
        ours,
        _earshot(model, metadata, clips, config.labels),
    )


@torch.no_grad()
def _answer(network, config: ModelConfig, clips: ClipSet, row: int, cache: Path | None) -> Tensor:
    """One clip at a time: lengths may differ."""
    loaded = load_features(clips.subset([row]), config.features, cache)
    inputs = [loaded.features]
    if config.context is not None:
        inputs += _context(clips.clips[row], config.context)
    return probabilities(network.outputs(*inputs))[0]


def _context(clip: Clip, parameters) -> list[Tensor]:
    moment = context.time_features(clip.time, parameters.time_encoding)
    city = context.location_index(clip.city, parameters)
    return [torch.tensor([city]), torch.from_numpy(moment)[None]]


def _earshot(model: Path, metadata: Path, clips: ClipSet, labels: tuple[str, ...]) -> Tensor:
    folder = clips.clips[0].audio.parent
    lines = earshot.run(
        *("classify", folder, "--model", model, "--metadata", metadata),
        *("--json", "--top", str(len(labels)), "--backend", "cpu"),
        capture=True,
    ).splitlines()
    answers = {}
    for line in lines:
        answer = json.loads(line)
        if len(answer.get("windows", [])) > 1:
            raise ReferenceError(
                f"{answer['file']}: found a recording of several windows, expected one clip"
            )
        ranking = {scene["label"]: scene["probability"] for scene in answer["ranking"]}
        answers[Path(answer["file"]).stem] = [ranking[label] for label in labels]
    missing = [clip.name for clip in clips.clips if clip.name not in answers]
    if missing:
        raise ReferenceError(f"earshot classify: no answer for {len(missing)} clips: {missing[0]}")
    return torch.tensor([answers[clip.name] for clip in clips.clips])
