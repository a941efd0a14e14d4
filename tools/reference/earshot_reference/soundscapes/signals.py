"""Building blocks: noise, envelopes, placement in time, rooms and recording devices.

All signals are float64, mono, at ``RATE`` samples a second. Every function draws from the random
generator it is given and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import butter, fftconvolve, sosfilt

RATE = 48000

Signal = NDArray[np.float64]


def seconds(samples: int) -> Signal:
    """Time in seconds of each sample, from 0."""
    return np.arange(samples) / RATE


def count(duration: float) -> int:
    """Samples in so many seconds, at least one."""
    return max(1, round(duration * RATE))


def normalized(x: Signal, level: float = 1.0) -> Signal:
    """Scaled to a root mean square of ``level``; silence stays silence."""
    rms = np.sqrt(np.mean(x * x))
    return x * (level / rms) if rms > 0 else x


def decibels(value: float) -> float:
    """Decibels to an amplitude factor."""
    return 10 ** (value / 20)


def noise(rng: Generator, samples: int, slope: float = 0.0) -> Signal:
    """Gaussian noise whose amplitude spectrum falls as f^-slope (0 white, 0.5 pink, 1 brown)."""
    if slope == 0:
        return normalized(rng.standard_normal(samples))
    # A length with a large prime factor would make the transform many times slower.
    length = next_fast_len(samples, real=True)
    spectrum = rfft(rng.standard_normal(length))
    # Flat below 20 Hz: a slope of 1 would put all of the power where nobody hears it.
    spectrum *= np.maximum(rfftfreq(length, 1 / RATE), 20.0) ** -slope
    return normalized(irfft(spectrum, length)[:samples])


def band(x: Signal, low: float | None, high: float | None, order: int = 2) -> Signal:
    """Butterworth band-pass, or low- or high-pass where the other edge is None."""
    if low is not None and high is not None:
        sos = butter(order, [low, high], "bandpass", fs=RATE, output="sos")
    elif low is not None:
        sos = butter(order, low, "highpass", fs=RATE, output="sos")
    else:
        sos = butter(order, high, "lowpass", fs=RATE, output="sos")
    return sosfilt(sos, x)


def wander(rng: Generator, samples: int, rate: float, low: float, high: float) -> Signal:
    """A smooth random curve between two values, with about ``rate`` turns a second."""
    knots = max(2, int(samples / RATE * rate) + 2)
    values = rng.uniform(low, high, knots)
    position = np.linspace(0, knots - 1, samples)
    left = np.minimum(position.astype(int), knots - 2)
    blend = 0.5 - 0.5 * np.cos(np.pi * (position - left))
    return values[left] * (1 - blend) + values[left + 1] * blend


def oscillator(frequency: Signal | float, samples: int, phase: float = 0.0) -> Signal:
    """A sine whose frequency (Hz) may change from sample to sample."""
    steps = np.broadcast_to(np.asarray(frequency, float), (samples,))
    return np.sin(2 * np.pi * np.cumsum(steps) / RATE + phase)


def harmonics(
    rng: Generator, frequency: Signal, partials: int, slope: float, roughness: float = 6.0
) -> Signal:
    """A sum of harmonics of a moving fundamental, the k-th falling as k^-slope, in random phase.

    ``roughness`` is the spread, in dB, of each partial around that slope.
    """
    angle = 2 * np.pi * np.cumsum(frequency) / RATE
    out = np.zeros(len(frequency))
    for k in range(1, partials + 1):
        gain = k**-slope * decibels(rng.normal(0, roughness))
        out += gain * np.sin(k * angle + rng.uniform(0, 2 * np.pi))
    return normalized(out)


def decay(samples: int, time_constant: float, attack: float = 0.001) -> Signal:
    """An envelope that rises within ``attack`` seconds and dies away exponentially."""
    t = seconds(samples)
    return np.minimum(1, t / attack) * np.exp(-t / time_constant)


def swell(samples: int, sharpness: float = 1.0, peak: float = 0.5) -> Signal:
    """A bell from 0 to 1 and back; ``peak`` is where, as a share of its length."""
    x = np.linspace(0, 1, samples)
    x = np.where(x < peak, x / peak, (1 - x) / (1 - peak))
    return np.sin(0.5 * np.pi * x) ** (2 * sharpness)


def onsets(rng: Generator, duration: float, rate: float) -> Iterator[float]:
    """Starting times of a Poisson process with ``rate`` events a second."""
    t = rng.exponential(1 / rate)
    while t < duration:
        yield t
        t += rng.exponential(1 / rate)


def place(canvas: Signal, event: Signal, start: float, gain: float = 1.0) -> None:
    """Adds an event at ``start`` seconds; what reaches beyond either end is cut off."""
    offset = round(start * RATE)
    skip = max(0, -offset)
    length = min(len(event), len(canvas) - offset)
    if skip < length:
        canvas[offset + skip : offset + length] += gain * event[skip:length]


def scatter(
    rng: Generator,
    samples: int,
    rate: float,
    event: Callable[[], Signal],
    spread: float = 8.0,
) -> Signal:
    """Events at random times, each at its own distance: ``spread`` dB of scatter in level."""
    canvas = np.zeros(samples)
    for start in onsets(rng, samples / RATE, rate):
        place(canvas, event(), start, decibels(rng.uniform(-spread, 0)))
    return canvas


def reverberated(rng: Generator, x: Signal, time: float, wet: float) -> Signal:
    """The signal in a room: exponentially decaying noise, whose treble dies first.

    Args:
        rng: the room's details.
        x: the dry signal.
        time: reverberation time (60 dB) in seconds.
        wet: level of the reverberation relative to the dry signal.
    """
    samples = count(time)
    t = seconds(samples)
    tail = rng.standard_normal(samples) * np.exp(-6.9 * t / time)
    dark = band(rng.standard_normal(samples), None, 2500) * np.exp(-6.9 * t / time)
    bright = tail * np.exp(-6.9 * t / (0.6 * time))
    response = 0.5 * bright + dark
    response /= np.sqrt(np.sum(response * response))
    return x + wet * fftconvolve(x, response)[: len(x)]


def coloured(rng: Generator, x: Signal, strength: float) -> Signal:
    """The recording device: a smooth random frequency response of about ``strength`` dB."""
    length = next_fast_len(len(x), real=True)
    spectrum = rfft(x, length)
    frequency = rfftfreq(length, 1 / RATE)
    octave = np.log2(np.maximum(frequency, 20.0) / 20.0)
    knots = np.linspace(0, octave[-1], 9)
    gain = np.interp(octave, knots, rng.normal(0, strength, len(knots)))
    low_cut, high_cut = rng.uniform(20, 120), rng.uniform(11000, 22000)
    gain -= 10 * np.log10(1 + (low_cut / np.maximum(frequency, 1.0)) ** 4)
    gain -= 10 * np.log10(1 + (frequency / high_cut) ** 8)
    return irfft(spectrum * 10 ** (gain / 20), length)[: len(x)]
