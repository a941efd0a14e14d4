"""Recipes: what is wrong with one is told by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from earshot_reference.configuration import ReferenceError

from earshot_training.recipe import PseudoLabelStage, Recipe, TrainStage

RECIPES = Path(__file__).parents[1] / "recipes"

GOOD = """
name = "good"

[network]
architecture = "mobile-asc-net"
sizes = { channels = [4, 8] }

[corpora.target]
parts = [{ layout = "cas", metadata = "m.csv", audio = "audio" }]

[training]
batch = 8
augmentation = { mixup = 0.2, crop = 50 }

[[stages]]
name = "first"
kind = "train"
corpus = "target"
training = { rate = 0.01, augmentation = { crop = 60 } }

[[stages]]
name = "label"
kind = "pseudo-label"
corpus = "target"
first = "first"

[[stages]]
name = "second"
kind = "train"
corpus = "target"
initial = "first"
pseudo_labels = "label"
"""


def read(folder: Path, text: str) -> Recipe:
    file = folder / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    return Recipe.read(file)


def test_a_stage_takes_what_it_does_not_say_from_the_common_section(tmp_path):
    recipe = read(tmp_path, GOOD)
    first, label, second = recipe.stages
    assert isinstance(label, PseudoLabelStage)
    assert (first.training.batch, first.training.rate) == (8, 0.01)
    assert (first.training.augmentation.mixup, first.training.augmentation.crop) == (0.2, 60)
    assert (second.training.rate, second.training.augmentation.crop) == (1e-4, 50)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("batch = 8", "bath = 8", r"training\.bath: unknown key, expected one of .*batch"),
        ("batch = 8", 'batch = "8"', r"training\.batch: found '8', expected a whole number"),
        ("batch = 8", "batch = true", r"training\.batch: found True, expected a whole number"),
        ("batch = 8", "batch = 0", r"training\.batch: found 0, expected 1 or more"),
        ("batch = 8", "dropout = 1.0", r"training\.dropout: found 1\.0, expected from 0 to below"),
        ("rate = 0.01", "rate = 0", r"stages\[0\]\.training\.rate: found 0\.0, expected more"),
        ("rate = 0.01", "rote = 1", r"stages\[0\]\.training\.rote: unknown key"),
        ("mixup = 0.2", "roll = [0.3, 0.1]", r"training\.augmentation\.roll: found \[0\.3, 0\.1\]"),
        ("mixup = 0.2", "roll = [0.3]", r"roll: found \[0\.3\], expected a list of 2"),
        ("[network]", "[netwerk]", r"netwerk: unknown section, expected one of .*network"),
        ('architecture = "mobile-asc-net"\n', "", r"network\.architecture: missing, expected one"),
        ('"mobile-asc-net"', '"mobile"', r"architecture: found 'mobile', expected one of 'ascm"),
        ("channels = [4, 8]", "classes = 3", r"network\.sizes\.classes: found 3, expected no such"),
        ("channels = [4, 8]", "chanels = 3", r"network\.sizes\.chanels: unknown key"),
        ("channels = [4, 8]", 'channels = ["4"]', r"channels\[0\]: found '4', expected a whole"),
        ("channels = [4, 8]", 'fusion = "none"', r"network\.sizes\.fusion: found 'none', expected"),
        ('kind = "pseudo-label"', 'kind = "guess"', r"stages\[1\]\.kind: found 'guess', expected"),
        ('first = "first"', 'first = "second"', r"stages\[1\]\.first: found 'second', .*\(first\)"),
        ('first = "first"', "", r"stages\[1\]\.first: missing, expected a string"),
        ('initial = "first"', 'initial = "label"', r"stages\[2\]\.initial: found 'label'"),
        ('name = "second"', 'name = "first"', r"stages\[2\]\.name: found 'first'"),
        ('name = "second"', 'name = "../x"', r"stages\[2\]\.name: found '\.\./x'"),
        ('"audio" }]', '"audio", folder = "x" }]', r"corpora\.target\.parts\[0\]\.folder: found"),
        (', audio = "audio"', "", r"parts\[0\]\.audio: found None, expected a string"),
        ("[training]", "merge = 3\n[training]", r"corpora\.target\.merge: found 3, expected a str"),
        ("[training]", "validation = 1\n[training]", r"target\.validation: found 1\.0"),
        (
            "[training]",
            'validation_corpus = "target"\n[training]',
            r"target\.validation_corpus: found 'target'",
        ),
        ('name = "good"', "name = good", r"recipe\.toml: not TOML"),
    ],
)
def test_what_is_wrong_is_named(old, new, message, tmp_path):
    assert GOOD.count(old) >= 1
    with pytest.raises(ReferenceError, match=message) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert str(tmp_path / "recipe.toml") in str(caught.value)


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(ReferenceError, match=r"none\.toml: cannot be read"):
        Recipe.read(tmp_path / "none.toml")


@pytest.mark.parametrize("file", sorted(RECIPES.rglob("*.toml")), ids=lambda f: f.stem)
def test_every_recipe_can_be_read(file):
    recipe = Recipe.read(file)
    assert recipe.name == file.stem
    # The demonstration model is trained at once on what it is for.
    expected = {"training"} if recipe.name == "demo-model" else {"pretraining", "target"}
    assert {s.corpus for s in recipe.stages} == expected


def test_the_papers_settings():
    ascmamba = Recipe.read(RECIPES / "ascmamba.toml")
    assert len(ascmamba.stages) == 4
    for stage in ascmamba.stages:
        if isinstance(stage, TrainStage):
            t = stage.training
            assert (t.optimizer, t.rate, t.batch, t.dropout) == ("adam", 1e-4, 4, 0.1)
    mobile = Recipe.read(RECIPES / "mobile-asc-net.toml")
    for stage in mobile.stages:
        if isinstance(stage, TrainStage):
            t = stage.training
            assert (t.batch, t.schedule, t.step_epochs, t.step_factor) == (64, "step", 2, 0.9)
            assert (t.early_stopping, t.augmentation.roll) == (10, (0.1, 0.3))
    frozen = mobile.stage("frozen-backbone").training.frozen
    assert frozen == ("blocks", "gru")
