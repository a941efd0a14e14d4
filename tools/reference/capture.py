#!/usr/bin/env python3
"""Writes a golden file from your own PyTorch network: its outputs, and those of its modules.

    python capture.py MODULE:FUNCTION --inputs golden.safetensors --output my-golden.safetensors

FUNCTION takes no arguments and returns the network with its weights loaded, or the network and a
function that runs it: ``call(network, inputs)`` with the tensors ``input.*`` by their names, which
returns the logits or a dictionary of outputs. Without such a function the network is called with
those of ``features``, ``location``, ``time_features``, ``condition`` that are there: by name if its
``forward`` has parameters of these names, else one after the other.

Needs PyTorch and safetensors and nothing of Earshot. The format is spec/golden-files.md; put the
file beside the model's config.json and run ``earshot parity``.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

VERSION = "2"
INPUTS = ("features", "location", "time_features", "condition")

Call = Callable[[nn.Module, dict[str, Tensor]], Any]


class CaptureError(Exception):
    """What a user of this script can mend: a message without a stack trace."""


class Names:
    """A key map: a JSON object from regular expression to replacement, or null to leave out.

    Applied in order to each name, as ``earshot convert --key-map`` does; ``$1`` is the first group.
    """

    def __init__(self, rules: Mapping[str, str | None]) -> None:
        try:
            self._rules = [
                (re.compile(pattern), None if to is None else re.sub(r"\$(\d+)", r"\\g<\1>", to))
                for pattern, to in rules.items()
            ]
        except re.error as e:
            raise CaptureError(f"key map: {e.pattern!r}: {e}") from e

    def __call__(self, name: str) -> str | None:
        """The name under which a module's output is written; None to leave it out."""
        for pattern, to in self._rules:
            if to is None:
                if pattern.search(name):
                    return None
            else:
                name = pattern.sub(to, name)
        return name


def first_tensor(output: object) -> Tensor | None:
    """A module's output, or the first tensor of several (a GRU returns its states as well)."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, tuple | list):
        return next((x for x in map(first_tensor, output) if x is not None), None)
    return None


def run(network: nn.Module, inputs: dict[str, Tensor], call: Call | None) -> dict[str, Tensor]:
    """The network's outputs by name."""
    if call is not None:
        outputs = call(network, inputs)
    else:
        given = {name: inputs[name] for name in INPUTS if name in inputs}
        parameters = inspect.signature(network.forward).parameters
        if all(name in parameters for name in given):
            outputs = network(**given)
        else:
            outputs = network(*given.values())
    if not isinstance(outputs, Mapping):
        outputs = {"logits": first_tensor(outputs)}
    return {name: tensor for name, tensor in outputs.items() if isinstance(tensor, Tensor)}


@torch.no_grad()
def capture(
    network: nn.Module,
    inputs: dict[str, Tensor],
    call: Call | None = None,
    names: Callable[[str], str | None] = str,
    wanted: Callable[[str], bool] = lambda name: True,
) -> dict[str, Tensor]:
    """All tensors of a golden file.

    Args:
        network: your own; it is put into inference mode.
        inputs: what it is run on, without ``input.``.
        call: runs it; see the top of this file.
        names: from a module's name to that in the file, or None.
        wanted: whether a module (by its name in the file) is written.
    """
    network.eval()
    if hasattr(torch.backends, "mha"):
        # Else a transformer's layers in inference mode are computed without calling their modules.
        torch.backends.mha.set_fastpath_enabled(False)
    tensors: dict[str, Tensor] = {}
    owners: dict[str, str] = {}
    hooks = []

    def hook(name: str):
        def keep(module: nn.Module, arguments: Any, output: object) -> None:
            tensor = first_tensor(output)
            # Of a module that runs several times, the first.
            if tensor is not None and tensor.is_floating_point() and name not in tensors:
                tensors[name] = tensor.detach().float().cpu().clone().contiguous()

        return keep

    for module_name, module in network.named_modules():
        mapped = names(module_name) if module_name else None
        if mapped is None or not wanted(mapped):
            continue
        name = f"module.{mapped}"
        if name in owners:
            raise CaptureError(f"{owners[name]} and {module_name} would both be {name}")
        owners[name] = module_name
        hooks.append(module.register_forward_hook(hook(name)))
    try:
        outputs = run(network, inputs, call)
    finally:
        for handle in hooks:
            handle.remove()
    tensors |= {f"output.{name}": x.detach().float().cpu() for name, x in outputs.items()}
    tensors |= {f"input.{name}": x for name, x in inputs.items()}
    return {name: x.clone().contiguous() for name, x in tensors.items()}


def save(tensors: dict[str, Tensor], path: Path) -> None:
    """Writes a golden file."""
    metadata = {"earshot.golden": VERSION, "made_by": f"PyTorch {torch.__version__}"}
    save_file(tensors, path, metadata)


def load_inputs(path: Path) -> dict[str, Tensor]:
    """The inputs in a golden file, or in any safetensors file of ``input.*``."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as e:
        raise CaptureError(f"{path}: {e}") from e
    inputs = {name[6:]: x for name, x in tensors.items() if name.startswith("input.")}
    if not inputs:
        raise CaptureError(f"{path}: found no tensor input.*; expected at least input.features")
    return inputs


def _made(reference: str) -> tuple[nn.Module, Call | None]:
    module_name, colon, function = reference.partition(":")
    if not colon:
        raise CaptureError(f"found {reference!r}; expected MODULE:FUNCTION")
    sys.path.insert(0, str(Path.cwd()))
    try:
        make = getattr(importlib.import_module(module_name), function)
    except (ImportError, AttributeError) as e:
        raise CaptureError(f"{reference}: {e}") from e
    made = make()
    network, call = made if isinstance(made, tuple) else (made, None)
    if not isinstance(network, nn.Module):
        raise CaptureError(
            f"{reference}: found {type(network).__name__}; expected a torch.nn.Module, or one and "
            "a function that runs it"
        )
    return network, call


def main() -> int:
    """Runs the script; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", metavar="MODULE:FUNCTION", help="what makes the network")
    parser.add_argument(
        "--inputs", type=Path, required=True, help="a golden file, whose input.* are taken"
    )
    parser.add_argument("--output", type=Path, required=True, help="the golden file to write")
    parser.add_argument(
        "--keys", type=Path, help="JSON: regular expressions of module names to those of Earshot"
    )
    parser.add_argument(
        "--modules", default="", metavar="REGEX", help="only modules in whose name this is found"
    )
    arguments = parser.parse_args()
    try:
        rules = json.loads(arguments.keys.read_text("utf-8")) if arguments.keys else {}
        only = re.compile(arguments.modules)
        network, call = _made(arguments.network)
        tensors = capture(
            network,
            load_inputs(arguments.inputs),
            call,
            Names(rules),
            lambda name: only.search(name) is not None,
        )
        save(tensors, arguments.output)
    except (CaptureError, OSError, ValueError, re.error) as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    modules = sum(name.startswith("module.") for name in tensors)
    outputs = sum(name.startswith("output.") for name in tensors)
    print(f"{arguments.output}: {outputs} outputs, {modules} modules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
