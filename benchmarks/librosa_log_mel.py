"""Times librosa's log-mel features of 10 s and prints rows of the table: MODEL_DIRECTORY."""

import sys
import time
from pathlib import Path

import librosa
import numpy as np
from earshot_reference.configuration import FeatureParameters
from earshot_reference.features import log_mel
from safetensors.numpy import load_file

golden = load_file(Path(sys.argv[1]) / "golden-pcm.safetensors")
pcm = golden["input.pcm"][0]
parameters = FeatureParameters()
filters = librosa.filters.mel(
    sr=parameters.sample_rate,
    n_fft=parameters.n_fft,
    n_mels=parameters.n_mels,
    fmin=parameters.fmin,
    fmax=parameters.fmax,
)


def with_kept_filters() -> np.ndarray:
    """As log_mel, which makes the mel filters anew in each call as the baseline does."""
    spectrum = librosa.stft(
        pcm + np.spacing(1.0),
        n_fft=parameters.n_fft,
        hop_length=parameters.hop_length,
        win_length=parameters.win_length,
        pad_mode=parameters.pad_mode,
    )
    decibels = librosa.power_to_db(filters @ np.abs(spectrum), amin=1e-10, top_db=parameters.top_db)
    return decibels.T[: parameters.frames]


for name, run in (
    ("", lambda: log_mel(pcm, parameters)),
    (", filters kept between calls", with_kept_filters),
):
    difference = np.abs(run() - golden["output.features"][0]).max()
    if not difference <= 0.01:
        sys.exit(f"librosa{name}: differs from the golden features by {difference} dB")
    times = []
    end = time.perf_counter() + 4
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    median, percentile90 = np.percentile(times, (50, 90))
    print(f"| librosa {librosa.__version__}{name} | {median:.2f} | {percentile90:.2f} |  |")
