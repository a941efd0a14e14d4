"""Measures the feature cache of 8,700 ten-second recordings: FOLDER EARSHOT CLASSPATH JAVA.

Writes Markdown to the standard output. FOLDER takes the recordings (100 distinct ones, each under
87 names by hard links, 100 MB) and the cache (1.1 GB). EARSHOT is tools/earshot; CLASSPATH and JAVA
run what times single stages.
"""

import csv
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile
from earshot_reference.features import log_mel, resample
from earshot_reference.soundscapes.generator import FIELDS

CLIPS, DISTINCT, SECONDS, RATE = 8700, 100, 10, 48_000
STAGE_CLIPS = 100
ROUNDS = 3

folder, command, classpath, java = Path(sys.argv[1]), *sys.argv[2:]
audio, metadata, cache = folder / "audio", folder / "metadata.csv", folder / "set.features"


def make_set() -> None:
    """Noise with a tone in it: neither resampling nor FFTs care that they are no scenes."""
    audio.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    seconds = np.arange(SECONDS * RATE) / RATE
    with metadata.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)
        for clip in range(CLIPS):
            name = f"{clip:05d}.wav"
            rows.writerow((name, "", "", ""))
            if clip >= DISTINCT:
                (audio / name).unlink(missing_ok=True)
                (audio / name).hardlink_to(audio / f"{clip % DISTINCT:05d}.wav")
            elif not (audio / name).exists():
                tone = 0.1 * np.sin(2 * np.pi * rng.uniform(100, 8000) * seconds)
                pcm = tone + 0.05 * rng.standard_normal(len(seconds))
                soundfile.write(audio / name, pcm, RATE, subtype="PCM_16")


def load() -> str:
    """Load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def run(what: str) -> None:
    """Runs the command and prints a row."""
    before, used = load(), resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    arguments = ("features", "--metadata", metadata, "--audio", audio, "--cache", cache)
    subprocess.run((command, *map(str, arguments)), check=True, stdout=subprocess.DEVNULL)
    wall = time.monotonic() - start
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(f"| {what} | {wall:.1f} | {busy:.1f} | {before} |", flush=True)


def stage(what: str, action) -> None:
    """Times an action on some recordings and prints a row: the best round's mean."""
    paths = sorted(audio.iterdir())[:STAGE_CLIPS]
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for path in paths:
            action(path)
        best = min(best, (time.perf_counter() - start) / len(paths))
    print(f"| {what} | {1000 * best:.2f} |")


print(f"- {CLIPS:,} recordings of {SECONDS} s, {RATE // 1000} kHz, mono, 16 bit: {DISTINCT}")
print(f"  distinct ones under {CLIPS // DISTINCT} names each, so that they are read from the page")
print("  cache, not from a disk; `tools/bench feature-cache` makes them and measures\n")
make_set()
cache.unlink(missing_ok=True)
print("`tools/earshot features --metadata metadata.csv --audio audio --cache set.features`:\n")
print("| run | wall time, s | processor time, s | load average before |\n|---|---|---|---|")
run("nothing in the cache")
run("nothing changed")
for path in audio.iterdir():
    os.utime(path)
run("all files touched, none changed (SHA-256 of each)")
print(f"\nThe file has {cache.stat().st_size / 1e9:.2f} GB.")
print(f"\nA recording on one thread, stage by stage, at a load average of {load()}:\n")
print("| Earshot's stage | ms |\n|---|---|", flush=True)
stages = (java, "-cp", classpath, "org.earshot.benchmarks.FeatureStages")
stages += (str(audio), str(STAGE_CLIPS), str(folder / "scratch"))
subprocess.run(stages, check=True)
print(f"\n| librosa {librosa.__version__}'s stage | ms |\n|---|---|")
pcm = soundfile.read(audio / "00000.wav", dtype="float32")[0]
resampled = resample(pcm, RATE)
stage("reading (soundfile)", lambda path: soundfile.read(path, dtype="float32"))
stage("resampling (soxr, HQ)", lambda path: resample(pcm, RATE))
stage("log-mel", lambda path: log_mel(resampled))
cache.unlink()
