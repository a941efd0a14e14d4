import pytest
import torch
import torch.nn.functional as F
from goldens import assert_agrees, load

from earshot_reference.networks.fast_scan import fast_selective_scan
from earshot_reference.networks.scan import scan_with_state, selective_scan


@pytest.mark.parametrize("case", ["a", "b", "c", "d"])
def test_scan_equals_the_public_reference(case):
    tensors = load("public-code", "selective_scan.safetensors")
    x = {name[2:]: t for name, t in tensors.items() if name.startswith(f"{case}.")}
    u, delta, b, c = (x[n].transpose(1, 2) for n in ("u", "delta", "B", "C"))
    delta = F.softplus(delta + x["delta_bias"])
    gate = F.silu(x["z"].transpose(1, 2))
    expected = x["out"].transpose(1, 2)

    y, state = scan_with_state(u, delta, x["A"], b, c, x["D"])

    assert_agrees(y * gate, expected)
    assert_agrees(state, x["last_state"])
    assert_agrees(fast_selective_scan(u, delta, x["A"], b, c, x["D"]) * gate, expected)


def _random_inputs(sequences, length, channels, states, seed=3):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g)

    return [
        normal(sequences, length, channels),
        # From hardly any decay to one that forgets everything at once.
        torch.exp(2 * normal(sequences, length, channels)),
        -torch.exp(normal(channels, states)),
        normal(sequences, length, states),
        normal(sequences, length, states),
        normal(channels),
    ]


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 17, 5, 4), (2, 33, 16, 8), (4, 9, 31, 16)])
def test_fast_scan_has_the_value_and_gradients_of_the_loop(shape):
    inputs = _random_inputs(*shape)
    weights = torch.randn(inputs[0].shape, generator=torch.Generator().manual_seed(5))

    def run(scan, dtype):
        leaves = [x.to(dtype, copy=True).requires_grad_() for x in inputs]
        y = scan(*leaves)
        (y * weights).sum().backward()
        return [y.detach(), *(x.grad for x in leaves)]

    # The truth is the loop in float64; its gradients are autograd's.
    for actual, expected in zip(
        run(fast_selective_scan, torch.float32), run(selective_scan, torch.float64), strict=True
    ):
        # Sums of up to S*L*E terms of float32: 2e-5 of the largest is some 200 roundings.
        bound = 2e-5 * max(expected.abs().max().item(), 1.0)
        torch.testing.assert_close(actual, expected.float(), rtol=0, atol=bound)
