import numpy as np
import pytest
from goldens import REPOSITORY
from safetensors.numpy import load_file

from earshot_reference.configuration import FeatureParameters
from earshot_reference.features import log_mel, resample

# The recordings are not part of the repository; where they lie beside it, they are used.
RECORDINGS = REPOSITORY.parent / "shared" / "golden" / "public-code" / "log_mel.safetensors"
needs_recordings = pytest.mark.skipif(
    not RECORDINGS.exists(), reason="the recordings' log-mel features are not at hand"
)
# All 501 frames of 10 s, as the reference file keeps them.
UNCUT = FeatureParameters(frames=501)


@pytest.mark.parametrize("name", ["city", "coffee-shop", "birds"])
@needs_recordings
def test_features_equal_the_baselines_code(name):
    tensors = load_file(RECORDINGS)
    # The same library on the same numbers; 1e-3 dB leaves room for another FFT's rounding.
    np.testing.assert_allclose(
        log_mel(tensors[f"{name}.pcm"], UNCUT), tensors[f"{name}.features"], atol=1e-3
    )
    at_44k = resample(tensors[f"{name}.pcm_48k"], 48000)
    np.testing.assert_allclose(
        log_mel(at_44k, UNCUT), tensors[f"{name}.features_from_48k"], atol=1e-3
    )


@needs_recordings
def test_silence_equals_the_baselines_code():
    expected = load_file(RECORDINGS)["silence.features"]
    silence = np.zeros(441000, np.float32)
    np.testing.assert_allclose(log_mel(silence, UNCUT), expected, atol=1e-3)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (881, 1), (882, 2), (441000, 500)])
def test_frames_follow_from_the_length(samples, frames):
    pcm = np.random.default_rng(1).standard_normal(samples).astype(np.float32)
    features = log_mel(pcm)
    assert features.shape == (frames, 64)
    assert features.dtype == np.float32


def test_a_tenfold_louder_clip_is_ten_decibels_up():
    # 10 log10 of a magnitude, not of a power: a factor of ten is 10 dB.
    pcm = np.random.default_rng(1).standard_normal(44100).astype(np.float32) * 0.05
    np.testing.assert_allclose(log_mel(10 * pcm), log_mel(pcm) + 10, atol=1e-3)
