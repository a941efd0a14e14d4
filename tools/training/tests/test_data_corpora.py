import csv
from pathlib import Path

import numpy as np
import pytest
from earshot_reference.configuration import DEFAULT_LABELS, ReferenceError
from layouts import write_cochlscene, write_tau
from scipy.io import wavfile

from earshot_training.data import (
    DataError,
    load_cochlscene,
    load_features,
    load_tau,
    read_class_map,
    synthetic,
)
from earshot_training.data.class_map import PAPERS
from earshot_training.data.cochlscene import COCHLSCENE_LABELS, PARTS
from earshot_training.data.tau import TAU_LABELS


@pytest.fixture
def tau(tmp_path):
    write_tau(tmp_path / "tau", TAU_LABELS)
    return tmp_path / "tau"


@pytest.fixture
def cochlscene(tmp_path):
    write_cochlscene(tmp_path / "cochl", ("Bus", "Subway", "Car"), PARTS)
    return tmp_path / "cochl"


def test_tau(tau):
    loaded = load_tau(tau).require_every_class(tau)

    assert len(loaded) == 20
    first = loaded.clips[0]
    assert (first.name, first.label, first.city) == (
        "airport-barcelona-0-0-a",
        "airport",
        "barcelona",
    )
    assert (first.device, first.group, first.time) == ("a", "barcelona-0", None)
    assert load_features(loaded.subset(range(2))).location.tolist() == [-1, -1]
    assert (len(load_tau(tau, "train")), len(load_tau(tau, "evaluate"))) == (15, 5)


def broken(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source_label", "device", "header: found the columns"),
        ("\tairport\t", "\thovercraft\t", "line 2: scene_label: found 'hovercraft'"),
        ("\tairport\t", "\t\t", "line 2: scene_label: found nothing"),
        (
            "airport-barcelona-0-0-a",
            "airport-barcelona",
            "expected scene-city-place",
        ),
        ("airport-barcelona-0-0-a", "airport-barcelona-0-1-a", "no file for 1 recording"),
        ("airport-barcelona-0-0-s1", "airport-barcelona-0-0-a", "line 3: filename: found 'airport"),
    ],
)
def test_tau_that_cannot_be_used(tau, old, new, message):
    broken(tau / "meta.csv", old, new)
    with pytest.raises(DataError, match=message):
        load_tau(tau)


def test_tau_splits_that_cannot_be_used(tau):
    with pytest.raises(DataError, match="'test', expected one of train, evaluate"):
        load_tau(tau, "test")
    fold = tau / "evaluation_setup" / "fold1_train.csv"
    broken(fold, "bus-barcelona-1-10-a", "bus-barcelona-1-10-b")
    with pytest.raises(DataError, match=r"'bus-barcelona-1-10-b', expected files of meta.csv"):
        load_tau(tau, "train")
    broken(fold, "bus-barcelona-1-10-b", "airport-barcelona-0-0-a")
    with pytest.raises(DataError, match="'airport-barcelona-0-0-a' again"):
        load_tau(tau, "train")


def test_cochlscene(cochlscene):
    loaded = load_cochlscene(cochlscene, "Val")

    assert len(loaded) == 6
    assert {(c.label, c.group) for c in loaded.clips} == {
        (label, f"{label}_user0001_14850000") for label in ("Bus", "Subway", "Car")
    }
    assert {c.city for c in loaded.clips} == {None} == {c.time for c in loaded.clips}
    with pytest.raises(DataError, match="no clip of Cafe"):
        loaded.require_every_class("CochlScene")


def test_cochlscene_that_cannot_be_used(cochlscene):
    with pytest.raises(DataError, match="'Dev', expected one of Train, Val, Test"):
        load_cochlscene(cochlscene, "Dev")
    with pytest.raises(DataError, match="no such folder"):
        load_cochlscene(cochlscene / "Train", "Train")
    (cochlscene / "Train" / "Kitchen").mkdir()
    with pytest.raises(DataError, match=r"Kitchen: found no WAV file"):
        load_cochlscene(cochlscene, "Train")
    (cochlscene / "Val" / "Tram").mkdir()
    with pytest.raises(DataError, match="class: found 'Tram'"):
        load_cochlscene(cochlscene, "Val")
    (cochlscene / "new" / "Test").mkdir(parents=True)
    with pytest.raises(DataError, match="a folder for every class"):
        load_cochlscene(cochlscene / "new", "Test")


def test_merged_classes(tau, cochlscene):
    merging = read_class_map("mobile_asc_net")
    merged = merging.apply("tau", load_tau(tau)).joined(
        merging.apply("cochlscene", load_cochlscene(cochlscene, "Train"))
    )

    assert len(merged.labels) == 8
    assert set(merged.labels) == set(DEFAULT_LABELS) - {"Construction site", "Bar"}
    assert merging.dropped("tau") == ("metro_station", "street_pedestrian", "tram")
    assert "Car" in merging.dropped("cochlscene")
    # Two of TAU's and two of CochlScene's each; no restaurant among these.
    counts = merged.class_counts()
    assert (counts["Bus"], counts["Metro"], counts["Airport"], counts["Restaurant"]) == (4, 4, 2, 0)

    merging = read_class_map("ascmamba")
    assert {"Metro station", "Car"} <= set(merging.labels)
    assert not merging.dropped("tau") + merging.dropped("cochlscene")
    assert merging.corpora["tau"]["metro_station"] == merging.corpora["cochlscene"]["SubwayStation"]
    for paper in PAPERS:
        merging = read_class_map(paper)
        used = {label for m in merging.corpora.values() for label in m.values()} - {""}
        assert used == set(merging.labels)
        assert set(merging.corpora["cochlscene"]) == set(COCHLSCENE_LABELS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tram = ""', "", "tau: found airport"),
        ('tram = ""', 'tram = "Tram"', "tau.tram: found 'Tram'"),
        ('"Bus", "Airport"', '"Bus", "Bus", "Airport"', "each once"),
        ("[tau]", "[tau", "TOML"),
        ("labels =", "names =", "labels: found None"),
    ],
)
def test_merging_that_cannot_be_used(tmp_path, old, new, message):
    file = Path(synthetic.__file__).parent / "class_maps" / "mobile_asc_net.toml"
    copy = tmp_path / "own.toml"
    copy.write_text(file.read_text())
    broken(copy, old, new)
    with pytest.raises(DataError, match=message):
        read_class_map(copy)


def test_a_merging_that_is_not_there(tmp_path):
    with pytest.raises(ReferenceError, match="one of ascmamba, mobile_asc_net"):
        read_class_map(tmp_path / "none.toml")


PLAN = synthetic.Plan(2, 5, 2, 2, 2, duration=0.1)


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    synthetic.corpus(folder, PLAN, workers=2)
    return folder


@pytest.mark.slow
def test_synthetic_corpus(corpus_folder):
    corpus = synthetic.corpus(corpus_folder, PLAN)

    assert corpus.pretraining.labels == TAU_LABELS
    assert set(corpus.pretraining.class_counts().values()) == {2}
    assert len(corpus.development) == len(corpus.truth) == 50
    # A fifth of five clips of each class.
    assert set(corpus.development.labelled().class_counts().values()) == {1}
    assert set(corpus.truth.class_counts().values()) == {5}
    known = {c.name: c.label for c in corpus.truth.clips}
    assert all(c.label == known[c.name] for c in corpus.development.labelled().clips)
    assert set(corpus.evaluation.class_counts().values()) == {2}
    new = set(synthetic.NEW_CITIES)
    assert not new & {c.city for c in (*corpus.truth.clips, *corpus.test.clips)}
    assert new & {c.city for c in corpus.evaluation.clips}
    names = [c.name for s in vars(corpus).values() for c in s.clips]
    # The truth repeats the development set; nothing else is there twice.
    assert len(set(names)) == len(names) - 50


@pytest.mark.slow
def test_synthetic_corpus_is_written_once_and_always_the_same(corpus_folder, tmp_path):
    before = {f: f.stat().st_mtime_ns for f in corpus_folder.rglob("*.wav")}
    synthetic.corpus(corpus_folder, PLAN)
    assert {f: f.stat().st_mtime_ns for f in corpus_folder.rglob("*.wav")} == before

    synthetic.corpus(tmp_path / "again", PLAN, workers=2)
    for file in [*before, *corpus_folder.rglob("*.csv")]:
        again = tmp_path / "again" / file.relative_to(corpus_folder)
        assert again.read_bytes() == file.read_bytes()
    with (corpus_folder / "development.csv").open() as stream:
        assert next(csv.reader(stream)) == ["filename", "location", "record_time", "scene_label"]
    rate, pcm = wavfile.read(next(iter(before)))
    assert (rate, pcm.dtype) == (48000, np.int16)
    assert pcm.std() > 0


def test_synthetic_corpora_that_cannot_be_made(tmp_path):
    with pytest.raises(DataError, match="plan: test: found 1"):
        synthetic.corpus(tmp_path / "new", synthetic.Plan(test=1))
    assert not (tmp_path / "new").exists()
    (tmp_path / "other.txt").write_text("mine")
    with pytest.raises(DataError, match="found other files"):
        synthetic.corpus(tmp_path, PLAN)
    assert [f.name for f in tmp_path.iterdir()] == ["other.txt"]
