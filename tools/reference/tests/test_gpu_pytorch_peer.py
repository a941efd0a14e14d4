"""The peers on a GPU: their logic on a CPU; what needs CUDA is skipped without it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from goldens import assert_agrees
from safetensors.torch import load_file, save_file

from earshot_reference import model_directory, random_model
from earshot_reference.__main__ import main
from earshot_reference.configuration import ReferenceError
from earshot_reference.features import log_mel
from earshot_reference.gpu import pytorch_peer
from earshot_reference.gpu.timing import Graphed, Options, Report
from earshot_reference.gpu.torch_log_mel import LogMel
from earshot_reference.networks.se_trans import SeTransSizes

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    sizes = ["--size", "channels=8", "--size", "blocks=1", "--size", "d_state=4"]
    assert main(["random", "--output", str(path), *sizes]) == 0
    short = ["--batch", "1", "--duration", "0.4"]
    assert main(["golden", str(path), *short]) == 0
    samples = [*short, "--pcm", "--output", str(path / "golden-pcm.safetensors")]
    assert main(["golden", str(path), *samples]) == 0
    return path


SMALL = Options(device="cpu", repeats=2, batches=(1, 2), kernel_batches=(1,), frames=9, large=16)


def _measured(model, tmp_path, options):
    output = tmp_path / "peers.json"
    pytorch_peer.write([model], output, options)
    return json.loads(output.read_text())


def test_everything_is_measured_and_right(model, tmp_path):
    report = _measured(model, tmp_path, SMALL)

    network = report["network"]
    assert [row["what"] for row in network] == [
        "one clip from features",
        "one clip from samples",
        *["clips one batch behind the other"] * 2,
    ]
    # 1e-4 of the spread, the project's bound, from features and from samples alike.
    assert all(row["difference_of_spread"] <= 1e-4 for row in network[:2])
    assert all(row["median_ms"] <= row["p99_ms"] for row in network[:2])
    assert [row["batch"] for row in network[2:]] == [1, 2]
    rows = network + report["kernels"] + report["limits"]
    assert not [row for row in rows if "failed" in row]
    # Four convolutions of the block and the one behind it, five products, two scans.
    assert len(report["kernels"]) == 5 + 5 + 2
    assert all(row["giga_per_second"] > 0 for row in report["kernels"] + report["limits"])


def test_failure_is_a_row_and_the_others_go_on(tmp_path):
    report = Report(tmp_path / "peers.json")

    def fail():
        raise RuntimeError("out of memory")

    report.attempt("network", {"batch": 256}, fail)
    report.attempt("network", {"batch": 1}, lambda: {"ms": 3})
    rows = json.loads(report.path.read_text())["network"]
    assert rows == [
        {"batch": 256, "failed": "RuntimeError: out of memory"},
        {"batch": 1, "ms": 3},
    ]


def test_every_network_is_measured(model, tmp_path):
    other = tmp_path / "mobile-asc-net"
    arguments = ["--architecture", "mobile-asc-net", "--size", "channels=4,4,8"]
    assert main(["random", "--output", str(other), *arguments]) == 0
    assert main(["golden", str(other), "--batch", "1", "--duration", "0.4"]) == 0
    output = tmp_path / "peers.json"
    options = replace(SMALL, sections=("network", "kernels"))
    pytorch_peer.write([other, model], output, options)
    report = json.loads(output.read_text())
    assert not [row for row in report["network"] if "failed" in row]
    assert [row["model"] for row in report["network"]] == [other.name] * 3 + [model.name] * 4
    # The kernels are ASCMamba's.
    assert len(report["kernels"]) == 5 + 5 + 2


def test_wrong_logits_are_not_timed(model, tmp_path):
    wrong = tmp_path / "model"
    shutil.copytree(model, wrong)
    golden = load_file(wrong / "golden.safetensors")
    golden["output.logits"] = golden["output.logits"].flip(1)
    save_file(golden, wrong / "golden.safetensors")
    report = _measured(wrong, tmp_path, replace(SMALL, sections=("network",)))
    assert "logits differ by" in report["network"][0]["failed"]


def test_networks_without_context_are_refused(tmp_path):
    path = tmp_path / "model"
    random_model.write(path, "se-trans", SeTransSizes(channels=(4, 8), locations=None), seed=1)
    with pytest.raises(ReferenceError, match="with city and time"):
        pytorch_peer.networks(path, SMALL)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_missing_gpu_is_said(model, tmp_path, capsys):
    assert main(["gpu-peers", str(model), "--output", str(tmp_path / "peers.json")]) == 1
    assert "no GPU" in capsys.readouterr().err


@pytest.mark.parametrize("samples", [1500, 44100, 450_000])
def test_log_mel_in_torch_is_librosas(samples):
    noise = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    pcm = noise * np.geomspace(1e-5, 0.5, samples, dtype=np.float32)
    # Two FFTs in float32; spec/features.md asks an engine for 0.01 dB.
    actual = LogMel()(torch.from_numpy(pcm)[None])[0].numpy()
    np.testing.assert_allclose(actual, log_mel(pcm), atol=0.01)


@needs_gpu
@torch.no_grad()
def test_triton_scan_is_the_loops(model):
    from earshot_reference.gpu import triton_scan

    network, _ = model_directory.load(model)
    inputs = random_model.example(network, batch=2, frames=37)
    expected = network(*inputs)
    fused = triton_scan.fuse(network.cuda())
    on_gpu = tuple(x.cuda() for x in inputs)
    assert_agrees(fused(*on_gpu).cpu(), expected)
    assert_agrees(Graphed(fused, on_gpu)(*on_gpu).cpu(), expected)


@needs_gpu
def test_everything_is_measured_on_a_gpu(model, tmp_path):
    report = _measured(model, tmp_path, replace(SMALL, device="cuda"))
    rows = report["network"] + report["kernels"] + report["limits"]
    assert not [row for row in rows if "failed" in row]
    assert report["compiled"]
