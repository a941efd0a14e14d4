"""What sounds: voices, engines, machines, music, water, wind, animals."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.signal import resample_poly, sosfilt

from earshot_reference.soundscapes.signals import (
    RATE,
    Signal,
    band,
    count,
    decay,
    decibels,
    harmonics,
    noise,
    normalized,
    onsets,
    oscillator,
    place,
    scatter,
    seconds,
    swell,
    wander,
)

# First three formants (Hz) of a few vowels, for a mean adult voice.
_VOWELS = np.array(
    [[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480], [570, 840, 2410]]
)
_VOICE_RATE = 16000


# ---- voices ------------------------------------------------------------------------------------


def voice(rng: Generator, samples: int, pitch: tuple[float, float] = (85, 260)) -> Signal:
    """One talker: a buzzing source through vowel formants, in syllables and phrases."""
    short = samples // 3 + 1
    duration = short / _VOICE_RATE
    base = rng.uniform(*pitch)
    size = np.interp(base, [85, 260, 400], [0.95, 1.15, 1.35])
    knots = max(3, int(duration * 5))
    contour = base * np.exp(rng.normal(0, 0.12, knots))
    f0 = np.interp(np.linspace(0, 1, short), np.linspace(0, 1, knots), contour)
    phase = np.cumsum(f0) / _VOICE_RATE % 1.0
    # A pulse a period, softened: the glottis; a little breath beside it.
    source = np.exp(-12 * phase) - 1 / 12 + 0.03 * rng.standard_normal(short)
    vowels = rng.choice(len(_VOWELS), 3, replace=False)
    spoken = np.stack([_formants(source, _VOWELS[v] * size) for v in vowels])

    out = np.zeros(short)
    t = rng.uniform(-0.5, 0.3)
    while t < duration:
        for _ in range(rng.integers(3, 12)):
            length = rng.uniform(0.09, 0.24)
            first, last = int(t * _VOICE_RATE), int((t + length) * _VOICE_RATE)
            first, last = max(first, 0), min(last, short)
            if first < last:
                envelope = swell(last - first, 0.7, 0.35) * decibels(rng.uniform(-9, 0))
                out[first:last] += envelope * spoken[rng.integers(3), first:last]
            if rng.random() < 0.3:
                _consonant(rng, out, t)
            t += length * rng.uniform(0.9, 1.2)
        t += rng.exponential(0.5)
    return normalized(resample_poly(out, 3, 1)[:samples])


def _formants(source: Signal, frequencies: Signal) -> Signal:
    radius = np.exp(-np.pi * np.array([80, 110, 160]) / _VOICE_RATE)
    angle = 2 * np.pi * frequencies / _VOICE_RATE
    sections = np.zeros((3, 6))
    sections[:, 0] = 1 - radius
    sections[:, 3] = 1
    sections[:, 4] = -2 * radius * np.cos(angle)
    sections[:, 5] = radius**2
    # In parallel, so that no formant has to pass through another's skirt.
    return normalized(sum(sosfilt(s[None], source) for s in sections))


def _consonant(rng: Generator, out: Signal, t: float) -> None:
    first = max(0, int(t * _VOICE_RATE))
    last = min(len(out), first + int(rng.uniform(0.03, 0.09) * _VOICE_RATE))
    if first < last:
        hiss = np.diff(rng.standard_normal(last - first + 1))
        out[first:last] += 0.25 * hiss * swell(last - first)


def babble(
    rng: Generator, samples: int, talkers: int, pitch: tuple[float, float] = (85, 260)
) -> Signal:
    """So many talkers at once, near and far."""
    out = np.zeros(samples)
    for _ in range(talkers):
        out += decibels(rng.uniform(-10, 0)) * voice(rng, samples, pitch)
    return normalized(out)


def announcement(rng: Generator, samples: int, chime: bool = True) -> Signal:
    """A chime of two to four tones and a voice through a small loudspeaker."""
    out = np.zeros(samples)
    start = rng.uniform(-1.0, max(0.1, samples / RATE - 2.5))
    if chime:
        tones = rng.integers(2, 5)
        root = rng.uniform(420, 700)
        for k in range(tones):
            step = rng.choice([1.0, 1.25, 1.5, 0.8, 1.2])
            place(out, bell(rng, root * step, 0.5), start + 0.38 * k, 1.6)
        start += 0.38 * tones + 0.3
    length = count(rng.uniform(3, 7))
    place(out, voice(rng, length, (150, 240)), start, 1.0)
    return band(out, 350, 3800)


# ---- small events ------------------------------------------------------------------------------


def bell(rng: Generator, frequency: float, time: float) -> Signal:
    """A struck bar: a few stretched partials that die away."""
    samples = count(4 * time)
    out = np.zeros(samples)
    for k, ratio in enumerate((1.0, 2.76, 5.4)):
        if ratio * frequency < 15000:
            ring = oscillator(ratio * frequency, samples, rng.uniform(0, 6.28))
            out += 0.5**k * ring * decay(samples, time / (1 + k))
    return out


def clink(rng: Generator) -> Signal:
    """Cutlery on a plate, or two glasses: short, bright, inharmonic."""
    samples = count(0.25)
    out = 0.3 * noise(rng, samples) * decay(samples, 0.002, 2e-4)
    for _ in range(rng.integers(3, 6)):
        frequency = rng.uniform(2200, 9000)
        out += oscillator(frequency, samples) * decay(samples, rng.uniform(0.01, 0.06), 3e-4)
    return out


def footstep(rng: Generator, surface: str) -> Signal:
    """One step on a "hard" floor or on "gravel"."""
    if surface == "hard":
        samples = count(0.12)
        thud = band(noise(rng, samples), 80, 400) * decay(samples, 0.03)
        return 2 * thud + band(noise(rng, samples), 1500, 5000) * decay(samples, 0.006, 3e-4)
    samples = count(0.28)
    grains = noise(rng, samples) * (rng.random(samples) < 0.02) * 4
    return band(grains, 1200, 7000) * swell(samples, 0.8, 0.3)


def walkers(rng: Generator, samples: int, people: int, surface: str) -> Signal:
    """People walking, each at an own steady pace."""
    out = np.zeros(samples)
    for _ in range(people):
        step, level = rng.uniform(0.45, 0.65), decibels(rng.uniform(-10, 0))
        t = rng.uniform(0, step)
        while t < samples / RATE:
            place(out, footstep(rng, surface), t, level * rng.uniform(0.6, 1))
            t += step * rng.normal(1, 0.03)
    return out


def beep(frequency: float, duration: float) -> Signal:
    """An electronic beep with soft edges."""
    samples = count(duration)
    return oscillator(frequency, samples) * np.minimum(1, 20 * swell(samples))


def beeps(
    rng: Generator, samples: int, frequency: float, on: float, period: float, times: int
) -> Signal:
    """A train of equal beeps that starts anywhere."""
    out = np.zeros(samples)
    start = rng.uniform(-period, samples / RATE)
    for k in range(times):
        place(out, beep(frequency, on), start + k * period)
    return out


def hiss(rng: Generator, duration: float) -> Signal:
    """Compressed air: a door, a brake."""
    samples = count(duration)
    return band(noise(rng, samples), 2000, 12000) * decay(samples, duration / 4, 0.02)


# ---- vehicles and machines ---------------------------------------------------------------------


def engine(rng: Generator, samples: int, idle: tuple[float, float], revving: float) -> Signal:
    """A combustion engine: harmonics of the firing rate and the noise it shakes loose.

    ``revving`` is how far (as a factor above the idle rate) it is driven up and down.
    """
    rate = rng.uniform(*idle)
    f0 = wander(rng, samples, 0.35, rate, rate * (1 + revving))
    f0 = f0 * (1 + 0.01 * wander(rng, samples, 12, -1, 1))
    hum = harmonics(rng, f0, 28, rng.uniform(0.7, 1.2), 5)
    pulse = 1 + 0.6 * oscillator(f0, samples)
    return normalized(hum + 0.35 * pulse * noise(rng, samples, 0.9))


def rattle(rng: Generator, samples: int) -> Signal:
    """Loose panels: bursts of short band-limited clicks."""
    gate = np.maximum(0, wander(rng, samples, 1.5, -1, 1)) ** 2
    clicks = (rng.random(samples) < 40 / RATE) * rng.normal(0, 1, samples)
    centre = rng.uniform(900, 2500)
    return band(clicks, centre * 0.7, centre * 1.4) * gate * 40


def rails(rng: Generator, samples: int) -> Signal:
    """Wheels on rails: a rolling roar, and pairs of thumps at every joint."""
    roar = band(noise(rng, samples, 0.6), 60, 1800) * wander(rng, samples, 0.6, 0.6, 1.2)
    out = normalized(roar)
    period = rng.uniform(0.55, 1.1)
    gap = rng.uniform(0.12, 0.22) * period
    t = rng.uniform(-period, 0)
    while t < samples / RATE:
        for shift in (0.0, gap):
            length = count(0.15)
            knock = band(noise(rng, length, 0.3), 90, 2500) * decay(length, 0.03)
            place(out, normalized(knock), t + shift, rng.uniform(1.5, 3))
        t += period
    return out


def screech(rng: Generator) -> Signal:
    """A wheel's flange in a curve: high, tonal, wavering."""
    samples = count(rng.uniform(0.8, 2.5))
    f0 = wander(rng, samples, 3, 0.97, 1.03) * rng.uniform(1800, 4200)
    tone = oscillator(f0, samples) + 0.5 * oscillator(2.01 * f0, samples)
    rough = 1 + 0.5 * wander(rng, samples, 40, -1, 1)
    return tone * rough * swell(samples, 0.6)


def motor_whine(rng: Generator, samples: int) -> Signal:
    """An electric drive pulling away or braking: gliding harmonics far above an engine's."""
    start, end = rng.uniform(150, 350), rng.uniform(450, 1100)
    if rng.random() < 0.5:
        start, end = end, start
    f0 = np.geomspace(start, end, samples)
    return harmonics(rng, f0, 5, 0.8, 4) * wander(rng, samples, 0.7, 0.3, 1)


def passing_car(rng: Generator) -> Signal:
    """Tyres and engine coming, passing with a drop in pitch, going."""
    samples = count(rng.uniform(2.5, 6))
    x = np.linspace(-1, 1, samples) * rng.uniform(3, 7)
    near = 1 / (1 + x * x)
    tyres = band(noise(rng, samples, 0.3), 300, 5000) * near
    far = band(noise(rng, samples, 0.5), 80, 900) * np.sqrt(near)
    doppler = 1 - 0.06 * x / np.sqrt(1 + x * x)
    f0 = rng.uniform(45, 110) * doppler
    return 1.2 * tyres + 0.8 * far + 0.6 * harmonics(rng, f0, 14, 0.9) * near


def horn(rng: Generator) -> Signal:
    """A car's horn: two notes, many harmonics."""
    samples = count(rng.choice([0.15, 0.3, 0.8]) * rng.uniform(0.8, 1.3))
    root = rng.uniform(330, 450)
    out = np.zeros(samples)
    for note in (root, root * 1.25):
        out += harmonics(rng, np.full(samples, note), 12, 0.6, 4)
    return out * np.minimum(1, 30 * swell(samples))


def hammer(rng: Generator, resonance: float) -> Signal:
    """One blow: a click and the ringing of what was hit."""
    samples = count(0.35)
    out = noise(rng, samples) * decay(samples, 0.006, 3e-4) * 2
    for ratio in (1, 1.58, 2.24, 2.92):
        tone = oscillator(resonance * ratio, samples, rng.uniform(0, 6.28))
        out += tone * decay(samples, 0.06 / ratio, 5e-4)
    return out


def hammering(rng: Generator, samples: int) -> Signal:
    """Blows at a workman's pace, in runs."""
    out = np.zeros(samples)
    resonance = rng.uniform(350, 1600)
    t = rng.uniform(-1, 0.8)
    while t < samples / RATE:
        pace = rng.uniform(0.28, 0.75)
        for _ in range(rng.integers(3, 10)):
            place(out, hammer(rng, resonance), t, rng.uniform(0.6, 1))
            t += pace * rng.normal(1, 0.04)
        t += rng.uniform(0.3, 1.5)
    return out


def breaker(rng: Generator, samples: int) -> Signal:
    """A pneumatic drill: some twenty broad-band blows a second, on and off."""
    rate = rng.uniform(14, 28)
    phase = np.cumsum(rate * (1 + 0.03 * wander(rng, samples, 4, -1, 1))) / RATE % 1.0
    blows = np.exp(-10 * phase) * band(noise(rng, samples), 150, 9000)
    on = wander(rng, samples, 0.7, -1, 1.6) > 0
    gate = np.convolve(on, np.ones(2400) / 2400, "same")
    return blows * gate


def power_tool(rng: Generator, samples: int) -> Signal:
    """A saw or grinder: a harsh harmonic whine that sags under load."""
    f0 = rng.uniform(180, 480) * wander(rng, samples, 1.2, 0.8, 1.05)
    on = np.clip(wander(rng, samples, 0.6, -1.5, 2.5), 0, 1)
    return (harmonics(rng, f0, 22, 0.35, 6) + 0.6 * band(noise(rng, samples), 2500, None)) * on


def rolling(rng: Generator) -> Signal:
    """Suitcase wheels over a tiled floor."""
    samples = count(rng.uniform(2, 5))
    tiles = oscillator(rng.uniform(6, 12), samples)
    roll = band(noise(rng, samples), 250, 3500) * (0.6 + 0.4 * (tiles > 0.6))
    return roll * swell(samples, 0.8)


def ventilation(rng: Generator, samples: int) -> Signal:
    """Air conditioning of a large building: dark noise and a faint mains hum."""
    mains = np.full(samples, 100.0)
    air = band(noise(rng, samples, 0.7), 50, rng.uniform(800, 2500))
    return normalized(air + 0.15 * harmonics(rng, mains, 4, 1.0))


# ---- music -------------------------------------------------------------------------------------


def music(rng: Generator, samples: int, beat: bool = True) -> Signal:
    """Chords, a bass line and (with ``beat``) drums, at 80 to 132 beats a minute."""
    period = 60 / rng.uniform(80, 132)
    out = np.zeros(samples)
    key = rng.uniform(98, 180)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    t, step = -rng.uniform(0, 4 * period), 0
    while t < samples / RATE:
        if step % 4 == 0:
            degree = rng.choice([0, 3, 4, 5])
            length = count(4 * period)
            for third in (0, 2, 4):
                octave, index = divmod(degree + third, 7)
                note = key * 2 * 2 ** ((scale[index] + 12 * octave) / 12)
                tone = harmonics(rng, np.full(length, note), 6, 1.1, 3)
                place(out, tone * decay(length, 2 * period, 0.03), t, 0.3)
            root = key / 2 * 2 ** (scale[degree] / 12)
        length = count(0.9 * period)
        bass = harmonics(rng, np.full(length, root), 4, 1.2, 2) * decay(length, 0.3, 0.01)
        place(out, bass, t, 0.5)
        if beat:
            place(out, _kick(), t, 1.3)
            place(out, _hat(rng, 0.03), t + period / 2, 0.35)
            if step % 2:
                place(out, _hat(rng, 0.12), t, 0.6)
        if rng.random() < 0.7:
            note = key * 4 * 2 ** (rng.choice(scale) / 12)
            length = count(period * rng.choice([0.5, 1]))
            place(out, harmonics(rng, np.full(length, note), 5, 0.9) * decay(length, 0.25), t, 0.3)
        t, step = t + period, step + 1
    return normalized(out)


def _kick() -> Signal:
    samples = count(0.25)
    return oscillator(45 + 110 * decay(samples, 0.03, 1e-4), samples) * decay(samples, 0.09)


def _hat(rng: Generator, time: float) -> Signal:
    samples = count(4 * time)
    return band(noise(rng, samples), 5000 if time < 0.1 else 1500, 14000) * decay(samples, time)


# ---- outdoors ----------------------------------------------------------------------------------


def wind(rng: Generator, samples: int) -> Signal:
    """Gusts: dark noise that swells and falls."""
    gusts = wander(rng, samples, 0.5, 0.15, 1) ** 2
    return normalized(band(noise(rng, samples, 0.9), 30, 700) * gusts)


def leaves(rng: Generator, samples: int) -> Signal:
    """Rustling: bright noise that comes and goes."""
    return normalized(
        band(noise(rng, samples, 0.2), 1800, 9000) * wander(rng, samples, 0.7, 0.1, 1) ** 2
    )


def water(rng: Generator, samples: int) -> Signal:
    """A fountain: steady bright noise and the bubbles in it."""
    splash = band(noise(rng, samples, 0.25), 400, 11000)

    def bubble() -> Signal:
        length = count(0.05)
        rise = rng.uniform(500, 2200) * (1 + 3 * seconds(length))
        return oscillator(rise, length) * decay(length, 0.012)

    return normalized(splash + 1.5 * scatter(rng, samples, 40, bubble, 12))


def bird(rng: Generator) -> Signal:
    """A phrase of chirps: quick sweeps between 2 and 8 kHz, repeated with small changes."""
    top, bottom = np.sort(rng.uniform(2200, 7500, 2))[::-1]
    length, gap = rng.uniform(0.04, 0.16), rng.uniform(0.03, 0.2)
    repeats = rng.integers(2, 9)
    out = np.zeros(count(repeats * (length + gap) + 0.05))
    shape = rng.choice(["down", "up", "arch", "trill"])
    for k in range(repeats):
        samples = count(length * rng.uniform(0.85, 1.15))
        x = np.linspace(0, 1, samples)
        curve = {
            "down": 1 - x,
            "up": x,
            "arch": np.sin(np.pi * x),
            "trill": 0.5 + 0.5 * np.sin(2 * np.pi * 35 * seconds(samples)),
        }[shape]
        sweep = (bottom + (top - bottom) * curve) * rng.normal(1, 0.02)
        place(out, oscillator(sweep, samples) * swell(samples, 0.7), k * (length + gap))
    return out


def insects(rng: Generator, samples: int) -> Signal:
    """Cicadas: a narrow band far up, pulsed."""
    centre = rng.uniform(4000, 7500)
    pulse = 0.5 + 0.5 * oscillator(rng.uniform(20, 60), samples)
    swelling = wander(rng, samples, 0.5, 0.2, 1)
    return normalized(band(noise(rng, samples), centre * 0.9, centre * 1.1) * pulse * swelling)


def dog(rng: Generator) -> Signal:
    """A few barks."""
    pitch = rng.uniform(280, 600)
    out = np.zeros(count(1.6))
    for k in range(rng.integers(1, 4)):
        samples = count(0.18)
        sweep = pitch * (1 + 0.5 * swell(samples, 1, 0.3))
        bark = harmonics(rng, sweep, 8, 0.5) + 0.4 * noise(rng, samples)
        place(out, bark * swell(samples, 0.7, 0.25), 0.4 * k)
    return out


def city_roar(rng: Generator, samples: int) -> Signal:
    """The far-away traffic of a whole town."""
    return normalized(band(noise(rng, samples, 0.9), 40, 900) * wander(rng, samples, 0.3, 0.6, 1))


def traffic(rng: Generator, samples: int, rate: float) -> Signal:
    """Cars passing at ``rate`` a second, some on their way before the clip begins."""
    out = np.zeros(samples)
    for start in onsets(rng, samples / RATE + 5, rate):
        place(out, passing_car(rng), start - 5, decibels(rng.uniform(-10, 0)))
    return out
