import csv
from datetime import datetime

import numpy as np
import pytest
from scipy.io import wavfile

from earshot_reference.configuration import DEFAULT_LABELS, DEFAULT_LOCATIONS
from earshot_reference.soundscapes import generator
from earshot_reference.soundscapes.scenes import SCENES
from earshot_reference.soundscapes.signals import RATE, noise, reverberated


def test_every_label_has_a_scene():
    assert tuple(SCENES) == DEFAULT_LABELS


@pytest.mark.parametrize("label", DEFAULT_LABELS)
def test_a_clip_is_sound_and_the_same_every_time(label):
    first = generator.generate(label, 7, 0, 1.5)
    again = generator.generate(label, 7, 0, 1.5)
    other = generator.generate(label, 7, 1, 1.5)

    assert len(first.pcm) == 1.5 * RATE
    assert np.abs(first.pcm).max() <= 1
    assert first.pcm.std() > 1e-3
    np.testing.assert_array_equal(first.pcm, again.pcm)
    assert first.context == again.context
    assert not np.array_equal(first.pcm, other.pcm)


def test_context_tells_something_but_not_all():
    rng = np.random.default_rng(1)
    draws = {
        label: [generator.draw_context(rng, label) for _ in range(400)] for label in DEFAULT_LABELS
    }
    late = {
        label: np.mean([not 6 <= c.record_time.hour < 20 for c in contexts])
        for label, contexts in draws.items()
    }
    assert late["Bar"] > 0.6 > 0.3 > late["Construction site"]
    for contexts in draws.values():
        assert {c.location for c in contexts} == set(DEFAULT_LOCATIONS)
        assert len({c.record_time.hour for c in contexts}) == 24


def test_written_set_reads_back(tmp_path):
    clips = [(f"{i}.wav", generator.generate(label, 3, i, 0.5)) for i, label in enumerate(SCENES)]
    assert generator.write_set(tmp_path, clips) == 10

    with (tmp_path / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["filename", "location", "record_time", "scene_label"]
    for row, (name, clip) in zip(rows, clips, strict=True):
        assert (row["filename"], row["scene_label"]) == (name, clip.label)
        time = datetime.strptime(row["record_time"], generator.TIME_FORMAT)
        assert (row["location"], time) == (clip.context.location, clip.context.record_time)
        rate, pcm = wavfile.read(tmp_path / name)
        assert (rate, pcm.dtype, pcm.ndim) == (48000, np.int16, 1)
        np.testing.assert_allclose(pcm / 32767, clip.pcm, atol=0.5001 / 32767)


@pytest.mark.parametrize(("slope", "octaves_down"), [(0.0, 0.0), (0.5, 3.01), (1.0, 6.02)])
def test_noise_falls_by_its_slope(slope, octaves_down):
    spectrum = np.abs(np.fft.rfft(noise(np.random.default_rng(1), 10 * RATE, slope))) ** 2
    hertz = np.fft.rfftfreq(10 * RATE, 1 / RATE)

    def level(low):
        return 10 * np.log10(spectrum[(hertz >= low) & (hertz < 1.1 * low)].mean())

    # 1000 bins and more in each band: their mean is known to about 10 log10(1 + 3/sqrt(1000)).
    assert level(1000) - level(2000) == pytest.approx(octaves_down, abs=0.8)


def test_room_dies_away_in_its_time():
    impulse = np.zeros(2 * RATE)
    impulse[0] = 1
    response = reverberated(np.random.default_rng(1), impulse, 1.0, 1.0) - impulse

    def level(at):
        first = int(at * RATE)
        return 10 * np.log10((response[first : first + RATE // 10] ** 2).mean())

    # 60 dB a second for the dark part, which is what is left after the first tenth.
    assert level(0.2) - level(0.7) == pytest.approx(30, abs=3)
