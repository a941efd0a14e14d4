import csv
import os
import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from earshot_reference import context, features
from earshot_reference.configuration import DEFAULT_LABELS, DEFAULT_LOCATIONS, FeatureParameters
from earshot_reference.soundscapes import generator
from layouts import write_cas, write_wavs

from earshot_training.data import (
    Clip,
    ClipSet,
    DataError,
    feature_cache,
    load_cas,
    load_features,
    load_soundscapes,
    with_pseudo_labels,
)


def clips(counts: dict[str | None, int]) -> ClipSet:
    return ClipSet(
        tuple(
            Clip(f"{label}-{i}", Path(f"{label}-{i}.wav"), label)
            for label, count in counts.items()
            for i in range(count)
        )
    )


# Clip sets.


def test_split_is_stratified_repeatable_and_leaves_nothing_out():
    whole = clips({"Bus": 20, "Bar": 10, "Metro": 1})
    first, second = whole.split(0.2, 3)

    assert {k: v for k, v in second.class_counts().items() if v} == {"Bus": 4, "Bar": 2}
    assert first.class_counts()["Metro"] == 1
    assert {c.name for c in first.clips} | {c.name for c in second.clips} == {
        c.name for c in whole.clips
    }
    assert not {c.name for c in first.clips} & {c.name for c in second.clips}
    assert whole.split(0.2, 3)[1] == second
    assert whole.split(0.2, 4)[1] != second


def test_split_keeps_groups_whole():
    whole = ClipSet(
        tuple(Clip(f"{i}", Path(f"{i}.wav"), "Bus", group=f"{i // 3}") for i in range(30))
    )
    first, second = whole.split(0.3, 1)

    assert not {c.group for c in first.clips} & {c.group for c in second.clips}
    assert len(second) == 9


def test_a_share_keeps_labels_and_all_clips_stay():
    partly = clips({"Bus": 20, "Bar": 10}).with_share_labelled(0.2, 1)

    assert len(partly) == 30
    assert partly.labelled().class_counts()["Bus"] == 4
    assert len(partly.unlabelled()) == 24


def test_sets_that_cannot_be_used():
    with pytest.raises(DataError, match=r"found 1 clip\(s\), expected two clips"):
        clips({"Bus": 1}).split(0.2, 1)
    with pytest.raises(DataError, match="found 1, expected a share"):
        clips({"Bus": 2}).split(1.0, 1)
    with pytest.raises(DataError, match="the set: found no clip of Airport, Metro"):
        clips({"Bus": 1}).require_every_class("the set")
    with pytest.raises(DataError, match="'a' 2 times"):
        ClipSet((Clip("a", Path("a")), Clip("a", Path("b"))))
    with pytest.raises(DataError, match="'Tram', expected one of Bus"):
        clips({"Tram": 1})
    with pytest.raises(DataError, match="labels of the other set"):
        clips({"Bus": 1}).joined(ClipSet((), ("Tram",)))
    assert "Bar" in clips({"Bus": 1}).empty_classes()


# The challenge's form.


def test_challenge_metadata(tmp_path):
    file, audio = write_cas(
        tmp_path,
        [
            ("a_1", "Xi'an", "2023-06-18 18:44:05", "Bus"),
            ("b_2.wav", "Luoyang", "2023-06-18 18:44", ""),
            ("c", "", "", ""),
            ("d", "Paris", "2023/6/8T7:04", "Shopping mall"),
        ],
        mark=True,
    )
    loaded = load_cas(file, audio)

    assert [c.name for c in loaded.clips] == ["a_1", "b_2", "c", "d"]
    assert [c.label for c in loaded.clips] == ["Bus", None, None, "Shopping mall"]
    assert [c.city for c in loaded.clips] == ["Xi'an", "Luoyang", None, "Paris"]
    assert [c.time for c in loaded.clips] == [
        datetime(2023, 6, 18, 18, 44, 5),
        datetime(2023, 6, 18, 18, 44),
        None,
        datetime(2023, 6, 8, 7, 4),
    ]
    assert all(c.audio.exists() for c in loaded.clips)
    assert len(loaded.labelled()) == 2 == len(loaded.unlabelled())


def test_a_recording_is_found_by_part_of_its_name_as_the_baseline_does(tmp_path):
    file, audio = write_cas(tmp_path, [("abc_1", "", "", "")])
    (audio / "abc_1.wav").rename(audio / "dev_abc_1_48k.wav")
    assert load_cas(file, audio).clips[0].audio.name == "dev_abc_1_48k.wav"

    shutil.copy(audio / "dev_abc_1_48k.wav", audio / "dev_abc_10.wav")
    with pytest.raises(DataError, match="2 files named like 'abc_1'"):
        load_cas(file, audio)


def test_evaluation_metadata_without_a_label_column(tmp_path):
    file, audio = write_cas(tmp_path, [("a", "Hefei", "2023-06-18 18:44:05", "")])
    file.write_text("filename,location,record_time\na,Hefei,2023-06-18 18:44:05\n")
    assert load_cas(file, audio).clips[0].label is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found nothing, expected a header"),
        ("filename,location\na,Hefei\n", "the columns filename, location, expected filename"),
        ("filename,filename,location,record_time\na,a,Hefei,\n", "each once"),
        ("filename,location,record_time\n", "a header alone"),
        ("filename,location,record_time\na,Hefei\n", "line 2: found 2 fields, expected 3"),
        ("filename,location,record_time\n,Hefei,\n", "line 2: filename: found nothing"),
        ("filename,location,record_time\na,,\na.wav,,\n", "line 3: filename: found 'a' again"),
        ("filename,location,record_time\na,,yesterday\n", "line 2: record_time: found 'yesterday'"),
        ("filename,location,record_time\na,,2023-02-30 10:00\n", "found '2023-02-30 10:00'"),
        ("filename,location,record_time\na,,18.06.2023 10:00\n", "expected a local time such as"),
        (
            "filename,location,record_time,scene_label\na,,,Tram\n",
            "line 2: scene_label: found 'Tram'",
        ),
        (
            "filename,location,record_time\na,,\nx,,\ny,,\n",
            r"no file for 2 recording\(s\) of the table: x, y",
        ),
        ('filename,location,record_time\n"a,,\n', "a table in UTF-8"),
    ],
)
def test_metadata_that_cannot_be_used(tmp_path, text, message):
    file, audio = write_cas(tmp_path, [("a", "", "", "")])
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        load_cas(file, audio)


def test_folders_that_cannot_be_used(tmp_path):
    file, audio = write_cas(tmp_path, [("a", "", "", "")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no such file"):
        load_cas(tmp_path / "none.csv", audio)
    with pytest.raises(DataError, match="no such folder"):
        load_cas(file, tmp_path / "none")
    with pytest.raises(DataError, match="no WAV file"):
        load_cas(file, tmp_path / "empty")
    file.write_bytes(b"filename,location,record_time\n\xff,,\n")
    with pytest.raises(DataError, match="a table in UTF-8"):
        load_cas(file, audio)


def test_soundscapes(tmp_path):
    made = [generator.generate(label, 1, 0, 0.3) for label in DEFAULT_LABELS]
    generator.write_set(tmp_path, [(f"{i}.wav", clip) for i, clip in enumerate(made)])
    loaded = load_soundscapes(tmp_path).require_every_class(tmp_path)

    assert [(c.label, c.city, c.time) for c in loaded.clips] == [
        (c.label, c.context.location, c.context.record_time) for c in made
    ]


# Pseudo-labels.


def write_labels(file: Path, lines: list[list[str]], columns: list[str]) -> Path:
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *lines])
    return file


COLUMNS = ["filename", "location", "record_time", "scene_label", "confidence", "step"]


def test_pseudo_labels_leave_known_labels_alone(tmp_path):
    whole = clips({"Bus": 1, None: 3})
    file = write_labels(
        tmp_path / "labels.csv",
        [
            ["Bus-0.wav", "", "", "Metro", "0.9", "1"],
            ["None-0.wav", "", "", "Bar", "0.8", "2"],
            ["None-1", "", "", "", "0.3", ""],
        ],
        COLUMNS,
    )
    labelled = with_pseudo_labels(whole, file)

    assert [c.label for c in labelled.clips] == ["Bus", "Bar", None, None]
    assert feature_cache.targets(labelled).tolist() == [0, 9, -1, -1]


def test_soft_pseudo_labels(tmp_path):
    whole = clips({"Bus": 1, None: 2})
    columns = COLUMNS + [f"p:{label}" for label in reversed(DEFAULT_LABELS)]
    line = ["None-0", "", "", "Bar", "0.75", "1", "0.75", *["0"] * 8, "0.25"]
    labelled = with_pseudo_labels(
        whole, write_labels(tmp_path / "labels.csv", [line], columns), soft=True
    )
    target = feature_cache.targets(labelled)

    assert target.shape == (3, 10)
    assert target[:, 0].tolist() == [1, 0.25, 0]
    assert target[:, 9].tolist() == [0, 0.75, 0]
    with pytest.raises(DataError, match="p:Bus"):
        with_pseudo_labels(whole, write_labels(tmp_path / "x", [line[:6]], COLUMNS), soft=True)
    for wrong, message in (("2", "a probability"), ("x", "a probability"), ("0.5", "a sum of")):
        bad = [*line[:6], wrong, *line[7:]]
        with pytest.raises(DataError, match=message):
            with_pseudo_labels(whole, write_labels(tmp_path / "x", [bad], columns), soft=True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([["x", "", "", "Bus", "1", "1"]], "'x', expected a recording of the set"),
        ([["None-0", "", "", "Bus", "1", "1"]] * 2, "'None-0' again"),
        ([["None-0", "", "", "Tram", "1", "1"]], "'Tram', expected one of Bus"),
    ],
)
def test_pseudo_labels_that_cannot_be_used(tmp_path, lines, message):
    with pytest.raises(DataError, match=message):
        with_pseudo_labels(clips({None: 2}), write_labels(tmp_path / "x", lines, COLUMNS))


# Features.


def test_features_are_the_reference_and_their_rows_the_clips(tmp_path):
    file, audio = write_cas(
        tmp_path,
        [
            ("a", "Dandong", "2023-06-18 18:44:05", "Bar"),
            ("b", "Paris", "", ""),
            ("c", "", "2023-01-01 00:00:00", "Bus"),
        ],
    )
    loaded = load_cas(file, audio)
    tensors = load_features(loaded)

    assert tensors.names == ("a", "b", "c")
    assert tensors.location.tolist() == [DEFAULT_LOCATIONS.index("Dandong"), -1, -1]
    assert tensors.target.tolist() == [9, -1, 0]
    assert tensors.features.dtype == torch.float32
    for row, clip in enumerate(loaded.clips):
        samples, rate = soundfile.read(clip.audio, dtype="float32")
        expected = features.log_mel(features.resample(samples, rate))
        np.testing.assert_array_equal(tensors.features[row].numpy(), expected)
        np.testing.assert_array_equal(
            tensors.time_features[row].numpy(), context.time_features(clip.time)
        )
    batches = list(tensors.batches(2, torch.tensor([2, 0, 1])))
    assert [b.names for b in batches] == [("c", "a"), ("b",)]
    assert batches[0].target.tolist() == [0, 9]
    assert tensors.soft(10).target.sum(1).tolist() == [1, 0, 1]


def test_stereo_is_averaged_and_the_own_rate_not_resampled(tmp_path):
    rng = np.random.default_rng(1)
    stereo = rng.uniform(-0.5, 0.5, (22050, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", stereo, 44100, "FLOAT")
    tensors = load_features(ClipSet((Clip("a", tmp_path / "a.wav"),)))
    np.testing.assert_array_equal(tensors.features[0].numpy(), features.log_mel(stereo.mean(1)))


def test_cache_notices_what_changed_and_what_is_damaged(tmp_path, monkeypatch):
    file, audio = write_cas(tmp_path, [("a", "", "", "Bus"), ("b", "", "", "Bar")])
    loaded, cache = load_cas(file, audio), tmp_path / "cache"
    computed = []
    original = features.log_mel

    def counted(pcm, parameters):
        computed.append(1)
        return original(pcm, parameters)

    monkeypatch.setattr(feature_cache.features, "log_mel", counted)
    first = load_features(loaded, cache_folder=cache)
    assert (len(computed), len(list(cache.iterdir()))) == (2, 2)
    again = load_features(loaded, cache_folder=cache)
    assert len(computed) == 2
    assert torch.equal(first.features, again.features)

    # A bit in the middle, a file cut off, and one that is something else.
    kept = sorted(cache.iterdir())[0]
    whole = bytearray(kept.read_bytes())
    whole[len(whole) // 2] ^= 1
    for damage in (bytes(whole), bytes(whole[:100]), b"", b"text"):
        kept.write_bytes(damage)
        before = len(computed)
        assert torch.equal(load_features(loaded, cache_folder=cache).features, first.features)
        assert len(computed) == before + 1

    before = len(computed)
    os.utime(loaded.clips[0].audio, (1, 1))
    load_features(loaded, cache_folder=cache)
    assert len(computed) == before + 1
    load_features(loaded, FeatureParameters(frames=7), cache)
    assert len(computed) == before + 3
    assert not list(cache.glob("*.tmp"))


def test_many_processes_give_the_same(tmp_path):
    file, audio = write_cas(tmp_path, [(f"{i}", "", "", "Bus") for i in range(3)])
    loaded = load_cas(file, audio)
    alone = load_features(loaded)
    assert torch.equal(alone.features, load_features(loaded, workers=2).features)


def test_features_that_cannot_be_had(tmp_path):
    audio = tmp_path / "audio"
    write_wavs(audio, ["a"], 1.0)
    write_wavs(audio, ["b"], 0.97)
    write_wavs(audio, ["short"], 0.2)

    def load(*names: str):
        return load_features(ClipSet(tuple(Clip(n, audio / f"{n}.wav") for n in names)))

    frames = {name: load(name).features.shape[1] for name in ("a", "b")}
    assert load("a", "b").features.shape[1] == frames["b"] < frames["a"]
    with pytest.raises(DataError, match=r"short.wav: found 11 frames, expected about as many"):
        load("a", "short")
    with pytest.raises(DataError, match="found none"):
        load()
    with pytest.raises(DataError, match="no such file"):
        load("a", "none")
    (audio / "text.wav").write_text("not sound")
    with pytest.raises(DataError, match=r"text.wav.*a recording that can be read"):
        load("a", "text")
    soundfile.write(audio / "empty.wav", np.zeros(0), 44100)
    with pytest.raises(DataError, match="no samples"):
        load("empty")
