import pytest
import torch
from goldens import assert_agrees, assert_reproduces, load

from earshot_reference.networks.ascmamba import AscMamba, AscMambaSizes, DenseEncoder, DualPathBlock
from earshot_reference.networks.fast_scan import fast_selective_scan
from earshot_reference.networks.scan import selective_scan

SCANS = pytest.mark.parametrize("scan", [selective_scan, fast_selective_scan])


@pytest.mark.parametrize("name", ["ascmamba-small", "ascmamba-unconditioned"])
def test_network_reproduces_the_golden(name):
    assert_reproduces(name)


@torch.no_grad()
def test_dense_encoder_equals_the_public_code():
    tensors = load("public-code", "dense_encoder.safetensors")
    prefix = "dense_encoder."
    encoder = DenseEncoder(16)
    encoder.load_state_dict(
        {k[len(prefix) :]: t for k, t in tensors.items() if k.startswith(prefix)}
    )

    assert_agrees(encoder(tensors["input"]), tensors["output"])


@SCANS
@torch.no_grad()
def test_block_without_norm_equals_the_public_code(scan):
    tensors = load("public-code", "time_frequency_mamba_block.safetensors")
    prefix = "blocks.0."
    sizes = AscMambaSizes(channels=16, condition_width=None, pre_norm=False)
    block = DualPathBlock(sizes, scan, dropout=0.0)
    block.load_state_dict({k[len(prefix) :]: t for k, t in tensors.items() if k.startswith(prefix)})

    actual = block(tensors["input"].permute(0, 2, 3, 1), None).permute(0, 3, 1, 2)

    assert_agrees(actual, tensors["output"])


@pytest.mark.parametrize(
    "sizes",
    [
        AscMambaSizes(),
        AscMambaSizes(channels=24, blocks=1, layers_per_direction=2, d_state=8, d_conv=3, expand=2),
        AscMambaSizes(channels=16, blocks=2, condition_width=None),
        AscMambaSizes(channels=16, blocks=1, condition_width=None, pre_norm=False),
        AscMambaSizes(channels=8, blocks=1, classes=3, locations=5, time_width=7),
    ],
)
def test_sizes_are_read_back_from_the_weights(sizes):
    assert AscMambaSizes.of(AscMamba(sizes).state_dict()) == sizes


def test_paper_size_has_about_one_and_a_half_million_parameters():
    parameters = sum(p.numel() for p in AscMamba(AscMambaSizes()).parameters())
    assert round(parameters / 1e6, 1) == 1.5


@torch.no_grad()
def test_unknown_city_is_the_mean_of_all():
    torch.manual_seed(1)
    encoder = AscMamba(AscMambaSizes(channels=8, blocks=1, locations=4)).context_encoder
    # The projection is affine, so the mean of the conditions is the condition of the mean.
    of_all = encoder(torch.arange(4), torch.zeros(4, 8))
    unknown = encoder(torch.tensor([-1]), torch.zeros(1, 8))
    torch.testing.assert_close(unknown[0], of_all.mean(0))


def test_conditioned_network_asks_for_its_context():
    network = AscMamba(AscMambaSizes(channels=8, blocks=1))
    with pytest.raises(ValueError, match="location and time"):
        network(torch.zeros(1, 5, 64))
