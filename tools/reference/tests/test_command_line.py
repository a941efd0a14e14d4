"""Export, golden and soundscapes from the command line down, on tiny networks."""

import json
import shutil

import numpy as np
import pytest
import torch
from goldens import GOLDEN, assert_agrees, golden
from safetensors.torch import load_file

from earshot_reference import model_directory
from earshot_reference.__main__ import main
from earshot_reference.features import log_mel
from earshot_reference.networks.ascmamba import AscMamba, AscMambaSizes

TINY = AscMambaSizes(channels=8, blocks=1, d_state=4, expand=2)


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(1)
    path = tmp_path / "checkpoint.pth"
    state = {f"module.{name}": t for name, t in AscMamba(TINY).state_dict().items()}
    torch.save({"epoch": 3, "model_state_dict": state}, path)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "ascmamba-small",
        "ascmamba-unconditioned",
        "se-trans",
        "se-trans-two-stage",
        "mobile-asc-net-gated",
        "mobile-asc-net-early",
    ],
)
def test_export_of_the_goldens_checkpoint_gives_the_goldens_directory(tmp_path, name):
    source = golden(name)
    assert main(["export", str(source / "model.pth"), "--output", str(tmp_path / "model")]) == 0

    expected = load_file(source / "model.safetensors")
    actual = load_file(tmp_path / "model" / "model.safetensors")
    assert actual.keys() == expected.keys()
    assert all(torch.equal(actual[name], expected[name]) for name in expected)
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    assert config == json.loads((source / "config.json").read_text(encoding="utf-8"))


def test_golden_from_features_and_from_samples(tmp_path, checkpoint):
    model = tmp_path / "model"
    assert main(["export", str(checkpoint), "--output", str(model)]) == 0
    short = ["--duration", "0.5"]
    assert main(["golden", str(model), *short]) == 0
    assert main(["golden", str(model), *short, "--pcm", "--output", f"{model}/pcm.golden"]) == 0
    assert main(["golden", str(model), *short, "--condition", "--output", f"{model}/c"]) == 0

    of_features = load_file(model / "golden.safetensors")
    network, _ = model_directory.load(model)
    with torch.no_grad():
        logits = network(
            of_features["input.features"],
            of_features["input.location"],
            of_features["input.time_features"],
        )
    assert_agrees(logits, of_features["output.logits"])
    assert of_features["input.features"].shape == (2, 26, 64)

    of_samples = load_file(model / "pcm.golden")
    assert of_samples["input.sample_rate"].tolist() == [44100]
    assert of_samples["input.pcm"].shape == (2, 22050)
    first = torch.from_numpy(log_mel(of_samples["input.pcm"][0].numpy()))
    torch.testing.assert_close(of_samples["output.features"][0], first)
    torch.testing.assert_close(of_samples["output.logits"], of_features["output.logits"])

    assert load_file(model / "c")["input.condition"].shape == (2, 32)


def test_soundscapes_are_the_same_from_any_number_of_processes(tmp_path):
    made = ["--clips", "2", "--first", "3", "--duration", "0.2", "--label", "Bus", "--label", "Bar"]
    for workers in ("1", "2"):
        folder = ["--output", str(tmp_path / workers), "--workers", workers]
        assert main(["soundscapes", *folder, *made]) == 0
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / w).iterdir()} for w in ("1", "2"))
    assert one == two
    assert set(one) == {
        "metadata.csv",
        *(f"{x}-000{i}.wav" for x in ("bus", "bar") for i in (3, 4)),
    }


def _without(state, part):
    return {name: x for name, x in state.items() if part not in name}


def _saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3}, "no state dict"),
        ({"weight": torch.zeros(2)}, "weights of no known architecture"),
        ({"model": _without(AscMamba(TINY).state_dict(), "A_log")}, "A_log' is missing"),
        ({"model": AscMamba(TINY).state_dict() | {"extra": torch.zeros(1)}}, "extra"),
    ],
)
def test_export_refuses_what_is_no_network(tmp_path, capsys, content, message):
    path = _saved(tmp_path / "bad.pth", content)
    assert main(["export", str(path), "--output", str(tmp_path / "model")]) == 1
    error = capsys.readouterr().err
    assert "bad.pth" in error
    assert message in error
    assert not (tmp_path / "model").exists()


def test_export_refuses_a_config_that_contradicts_the_weights(tmp_path, capsys, checkpoint):
    config = tmp_path / "config.json"
    fields = json.loads((GOLDEN / "ascmamba-small" / "config.json").read_text(encoding="utf-8"))
    fields["labels"].pop()
    config.write_text(json.dumps(fields), encoding="utf-8")
    arguments = [
        "export",
        str(checkpoint),
        "--config",
        str(config),
        "--output",
        str(tmp_path / "m"),
    ]
    assert main(arguments) == 1
    assert "labels, how many: found 9, the weights are for 10" in capsys.readouterr().err


def test_files_that_are_not_there_are_named(tmp_path, capsys):
    assert main(["export", str(tmp_path / "none.pth"), "--output", str(tmp_path / "m")]) == 1
    assert main(["golden", str(tmp_path / "nowhere")]) == 1
    error = capsys.readouterr().err
    assert "none.pth" in error
    assert "nowhere" in error


def _golden_of(tmp_path, **changes):
    """A model directory whose config has other values, by their paths with ``__`` for dots."""
    model = tmp_path / "model"
    shutil.copytree(GOLDEN / "ascmamba-small", model)
    fields = json.loads((model / "config.json").read_text(encoding="utf-8"))
    for path, value in changes.items():
        *outer, last = path.split("__")
        section = fields
        for name in outer:
            section = section[name]
        section[last] = value
    (model / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return model


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("labels", "abcdefghij"),
        ("labels", 5),
        ("architecture", []),
        ("model", None),
        ("model", "x"),
        ("features__sample_rate", "44100"),
        ("features__sample_rate", 0),
        ("features__n_fft", 2048.5),
        ("features__hop_length", True),
        ("features__n_mels", 0),
        ("features__frames", -1),
        ("features__win_length", 5000),
        ("features__top_db", -1),
        ("features__fmin", float("nan")),
        ("features__pad_mode", "wrap"),
    ],
)
def test_a_config_that_is_none_is_refused_by_its_field(tmp_path, capsys, path, value):
    assert main(["golden", str(_golden_of(tmp_path, **{path: value}))]) == 1
    error = capsys.readouterr().err
    assert "config.json: " + path.replace("__", ".") in error
    assert error.count("\n") == 1


def test_what_cannot_be_written_is_named(tmp_path, capsys):
    model = _golden_of(tmp_path)
    short = ["--batch", "1", "--duration", "0.2"]
    assert main(["golden", str(model), *short, "--output", str(tmp_path / "no" / "x")]) == 1
    assert f"{tmp_path / 'no' / 'x'}: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(8))
def test_damaged_checkpoints_are_named(tmp_path, capsys, seed):
    """Whatever the unpickler makes of them."""
    random = np.random.default_rng(seed)
    path = _saved(tmp_path / "bad.pth", {"model": AscMamba(TINY).state_dict()})
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    content[random.integers(0, 3000, 40)] = random.integers(0, 256, 40)
    path.write_bytes(content.tobytes())
    assert main(["export", str(path), "--output", str(tmp_path / "model")]) == 1
    assert "bad.pth: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["classifier.weight", "location_embedding.weight", "A_log"])
def test_tensors_of_other_dimensions_are_named_with_their_file(tmp_path, capsys, name):
    for change in (lambda x: x[None], lambda x: x.reshape(-1)):
        state = AscMamba(TINY).state_dict()
        state |= {key: change(x) for key, x in state.items() if key.endswith(name)}
        path = _saved(tmp_path / "bad.pth", state)
        assert main(["export", str(path), "--output", str(tmp_path / "model")]) == 1
        assert "bad.pth: " in capsys.readouterr().err
