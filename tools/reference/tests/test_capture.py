import json
import subprocess
import sys

import pytest
import torch
from goldens import GOLDEN, REPOSITORY
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import capture

SCRIPT = REPOSITORY / "tools" / "reference" / "capture.py"
SPECIFICATION = REPOSITORY / "tools" / "reference" / "spec" / "golden-files.md"

FOREIGN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        self.rnn = nn.GRU(3, 2, batch_first=True)
        self.head = nn.Linear(2, 5)

    def forward(self, x):
        return self.head(self.rnn(self.body(x))[0].mean(1))

def make():
    return Net()

def make_with_call():
    return Net(), lambda network, inputs: {"logits": network(inputs["features"] / 2)}
"""


@pytest.fixture
def foreign(tmp_path):
    (tmp_path / "foreign.py").write_text(FOREIGN)
    save_file({"input.features": torch.randn(2, 6, 4)}, tmp_path / "golden.safetensors")
    return tmp_path


def run(folder, *arguments):
    command = [sys.executable, str(SCRIPT), *arguments, "--inputs", "golden.safetensors"]
    return subprocess.run(
        [*command, "--output", "out.safetensors"], cwd=folder, capture_output=True, text=True
    )


def test_modules_of_a_foreign_network_are_written(foreign):
    done = run(foreign, "foreign:make")
    assert done.returncode == 0, done.stderr
    tensors = load_file(foreign / "out.safetensors")
    assert set(tensors) == {
        "input.features",
        "output.logits",
        "module.body",
        "module.body.0",
        "module.body.1",
        "module.rnn",
        "module.head",
    }
    assert tensors["module.rnn"].shape == (2, 6, 2)
    assert torch.equal(tensors["module.body"], tensors["module.body.0"].relu())
    assert torch.equal(tensors["module.head"], tensors["output.logits"])
    with safe_open(foreign / "out.safetensors", "pt") as file:
        assert file.metadata()["earshot.golden"] == "2"


def test_key_map_gives_names_and_leaves_out(foreign):
    (foreign / "keys.json").write_text(
        json.dumps({"^rnn$": "gru", r"^body\.(\d)$": "blocks.$1", "^body$": None})
    )
    done = run(foreign, "foreign:make", "--keys", "keys.json", "--modules", "gru|blocks")
    assert done.returncode == 0, done.stderr
    modules = {name for name in load_file(foreign / "out.safetensors") if "module." in name}
    assert modules == {"module.gru", "module.blocks.0", "module.blocks.1"}


def test_a_call_of_ones_own_is_used(foreign):
    assert run(foreign, "foreign:make").returncode == 0
    plain = load_file(foreign / "out.safetensors")["output.logits"]
    assert run(foreign, "foreign:make_with_call").returncode == 0
    assert not torch.equal(plain, load_file(foreign / "out.safetensors")["output.logits"])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["foreign"], "expected MODULE:FUNCTION"),
        (["foreign:missing"], "missing"),
        (["nowhere:make"], "nowhere"),
        (["foreign:make", "--keys", "both.json"], "would both be module.one"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(foreign, arguments, complaint):
    (foreign / "both.json").write_text('{"^(rnn|head)$": "one"}')
    done = run(foreign, *arguments)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_module_that_runs_twice_is_written_once():
    linear = nn.Linear(3, 3)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = linear

        def forward(self, features):
            return self.linear(self.linear(features))

    features = torch.randn(1, 3)
    tensors = capture.capture(Twice(), {"features": features})
    with torch.no_grad():
        assert torch.equal(tensors["module.linear"], linear(features))
        assert torch.equal(tensors["output.logits"], linear(linear(features)))


def test_transformers_call_their_modules():
    layer = nn.TransformerEncoderLayer(8, 2, 4, batch_first=True)
    network = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
    tensors = capture.capture(
        network, {"features": torch.randn(2, 3, 8)}, lambda n, i: n(**{"src": i["features"]})
    )
    assert tensors["module.layers.0.linear2"].shape == (2, 3, 8)


def test_the_fifteen_lines_of_the_specification_run(foreign, monkeypatch):
    code = SPECIFICATION.read_text().split("```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    monkeypatch.chdir(foreign)
    monkeypatch.syspath_prepend(str(foreign))
    exec(compile("from foreign import make as my_network\n" + code, "specification", "exec"), {})
    done = run(foreign, "foreign:make")
    assert done.returncode == 0
    of_the_script = load_file(foreign / "out.safetensors")
    of_the_lines = load_file(foreign / "my-golden.safetensors")
    assert of_the_script.keys() == of_the_lines.keys()
    for name, tensor in of_the_script.items():
        assert torch.equal(tensor, of_the_lines[name]), name


def test_goldens_of_version_1_give_their_inputs():
    inputs = capture.load_inputs(GOLDEN / "ascmamba-small" / "golden.safetensors")
    assert set(inputs) == {"features", "location", "time_features"}
