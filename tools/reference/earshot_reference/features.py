"""The challenge baseline's log-mel features, by librosa (spec/features.md)."""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

from earshot_reference.configuration import FeatureParameters

# Keeps digital silence off exact zero, as the baseline does.
_OFFSET = np.spacing(1.0)
_FLOOR = 1e-10

Samples = NDArray[np.floating]


def log_mel(pcm: Samples, parameters: FeatureParameters = FeatureParameters()) -> Samples:
    """Log-mel in dB, float32 [T, F], of mono samples at the parameters' sample rate.

    A clip of n samples has 1 + n // hop_length frames, of which the first ``frames`` are kept; the
    80 dB below the maximum are counted over all of them.
    """
    spectrum = librosa.stft(
        pcm + _OFFSET,
        n_fft=parameters.n_fft,
        hop_length=parameters.hop_length,
        win_length=parameters.win_length,
        window="hann",
        center=True,
        pad_mode=parameters.pad_mode,
    )
    mel = librosa.feature.melspectrogram(
        S=np.abs(spectrum),
        sr=parameters.sample_rate,
        n_fft=parameters.n_fft,
        n_mels=parameters.n_mels,
        fmin=parameters.fmin,
        fmax=parameters.fmax,
    )
    decibels = librosa.power_to_db(mel, ref=1.0, amin=_FLOOR, top_db=parameters.top_db)
    return np.ascontiguousarray(decibels.T[: parameters.frames], np.float32)


def resample(pcm: Samples, rate: int, target: int = FeatureParameters().sample_rate) -> Samples:
    """Mono samples brought to another rate as librosa does it: soxr, "HQ"."""
    return librosa.resample(pcm, orig_sr=rate, target_sr=target, res_type="soxr_hq")
