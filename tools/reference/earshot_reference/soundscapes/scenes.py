"""The make-up of the ten scenes: which sources, how often, how loud, in what room.

Levels are in dB relative to the scene's bed (its steady background, at 0 dB). Scenes share sources
on purpose (voices are in nine of ten, traffic in five), so that no single sound gives one away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from earshot_reference.soundscapes import sources as s
from earshot_reference.soundscapes.signals import (
    Signal,
    band,
    decibels,
    normalized,
    place,
    reverberated,
    scatter,
)


class Mix:
    """A scene in the making: layers added at random levels over a bed."""

    def __init__(self, rng: Generator, samples: int) -> None:
        self.rng = rng
        self.samples = samples
        self.signal = np.zeros(samples)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def add(self, layer: Signal, low: float, high: float) -> None:
        """Adds a continuous layer at a level drawn from ``low`` to ``high`` dB."""
        self.signal += normalized(layer) * decibels(self.rng.uniform(low, high))

    def events(self, rate: float, event: Callable[[], Signal], low: float, high: float) -> None:
        """Scatters events at ``rate`` a second; the level is that of one event while it sounds."""

        def unit() -> Signal:
            return normalized(event())

        level = decibels(self.rng.uniform(low, high))
        self.signal += level * scatter(self.rng, self.samples, rate, unit)

    def raw(self, layer: Signal, low: float, high: float) -> None:
        """Adds a sparse layer (peak 1 or so) without levelling its silences."""
        peak = np.max(np.abs(layer))
        if peak > 0:
            self.signal += layer / peak * decibels(self.rng.uniform(low, high))

    def in_room(self, low: float, high: float, wet: float) -> None:
        """Puts all that was added so far into a room with that range of reverberation times."""
        time = self.rng.uniform(low, high)
        self.signal = reverberated(self.rng, self.signal, time, wet * self.rng.uniform(0.7, 1.3))


def bus(m: Mix) -> None:
    """Engine and vibration, rattling panels, a few voices, the stop's chime and door."""
    rng, n = m.rng, m.samples
    m.add(s.engine(rng, n, (22, 42), rng.uniform(0.05, 0.8)), -1, 2)
    m.add(band(s.noise(rng, n, 0.9), 30, 400), -6, 0)
    if m.chance(0.7):
        m.raw(s.rattle(rng, n), -2, 8)
    if m.chance(0.6):
        m.add(s.babble(rng, n, rng.integers(1, 4)), -16, -5)
    if m.chance(0.35):
        m.raw(s.announcement(rng, n, m.chance(0.6)), -2, 8)
    m.events(0.08, lambda: s.hiss(rng, 0.8), -8, 2)
    if m.chance(0.25):
        m.raw(s.beeps(rng, n, rng.uniform(900, 2200), 0.12, 0.3, rng.integers(1, 6)), -8, 0)
    m.in_room(0.15, 0.35, 0.3)
    if m.chance(0.4):
        m.add(s.traffic(rng, n, 0.2), -18, -8)


def airport(m: Mix) -> None:
    """A vast hall: ventilation, far voices, suitcases, steps, public address."""
    rng, n = m.rng, m.samples
    m.add(s.babble(rng, n, rng.integers(3, 7)), -10, -2)
    if m.chance(0.75):
        m.raw(s.announcement(rng, n, m.chance(0.8)), 0, 9)
    if m.chance(0.8):
        m.events(0.25, lambda: s.rolling(rng), -4, 4)
    m.add(s.walkers(rng, n, rng.integers(1, 4), "hard"), -14, -5)
    if m.chance(0.3):
        m.raw(s.beeps(rng, n, rng.uniform(700, 1800), 0.15, 0.9, rng.integers(1, 8)), -10, -2)
    m.in_room(1.6, 3.2, 1.0)
    m.add(s.ventilation(rng, n), -4, 1)
    if m.chance(0.3):
        roar = band(s.noise(rng, n, 0.6), 80, 2500)
        m.add(roar * s.swell(n, 1, rng.uniform(0.3, 0.7)), -10, 0)


def metro(m: Mix) -> None:
    """Rails, joints and drive, screech in the curves, the next stop announced."""
    rng, n = m.rng, m.samples
    m.add(s.rails(rng, n), -1, 2)
    if m.chance(0.65):
        m.add(s.motor_whine(rng, n), -14, -3)
    m.events(0.12, lambda: s.screech(rng), -12, 1)
    if m.chance(0.6):
        m.add(s.babble(rng, n, rng.integers(1, 5)), -16, -6)
    if m.chance(0.45):
        m.raw(s.announcement(rng, n), -2, 8)
    if m.chance(0.2):
        m.raw(s.beeps(rng, n, rng.uniform(900, 2600), 0.08, 0.2, rng.integers(4, 12)), -6, 2)
    if m.chance(0.4):
        m.raw(s.rattle(rng, n), -6, 4)
    m.in_room(0.25, 0.7, 0.4)


def restaurant(m: Mix) -> None:
    """Conversation at the tables, cutlery and plates, chairs, perhaps soft music."""
    rng, n = m.rng, m.samples
    m.add(s.babble(rng, n, rng.integers(4, 9)), -1, 2)
    m.events(rng.uniform(1.2, 4), lambda: s.clink(rng), -4, 7)
    m.events(0.15, lambda: band(s.noise(rng, 14400), 200, 1500) * s.swell(14400), -8, 2)
    if m.chance(0.4):
        m.add(s.music(rng, n, beat=m.chance(0.3)), -20, -10)
    if m.chance(0.3):
        m.add(s.walkers(rng, n, 1, "hard"), -18, -8)
    m.in_room(0.4, 0.9, 0.6)
    m.add(s.ventilation(rng, n), -14, -5)


def shopping_mall(m: Mix) -> None:
    """A large bright hall: many far voices, steps, muffled music, tills, an escalator."""
    rng, n = m.rng, m.samples
    m.add(s.babble(rng, n, rng.integers(5, 10), (95, 320)), -1, 2)
    if m.chance(0.75):
        m.add(band(s.music(rng, n, beat=m.chance(0.7)), 150, 4000), -12, -3)
    m.add(s.walkers(rng, n, rng.integers(2, 6), "hard"), -12, -3)
    if m.chance(0.5):
        m.events(0.5, lambda: s.beep(rng.uniform(1800, 2800), 0.1), -12, -2)
    if m.chance(0.15):
        m.raw(s.announcement(rng, n), -6, 3)
    if m.chance(0.2):
        m.events(0.15, lambda: s.rolling(rng), -12, -3)
    m.in_room(0.9, 1.8, 0.9)
    m.add(s.ventilation(rng, n), -12, -4)
    if m.chance(0.4):
        hum = s.harmonics(rng, np.full(n, rng.uniform(90, 140)), 10, 0.9)
        m.add(hum, -20, -9)


def public_square(m: Mix) -> None:
    """Open air: strollers, children, a fountain, music from a loudspeaker, a bell, the town."""
    rng, n = m.rng, m.samples
    m.add(s.babble(rng, n, rng.integers(3, 7)), -5, 1)
    m.add(s.city_roar(rng, n), -4, 2)
    m.add(s.walkers(rng, n, rng.integers(2, 5), "hard"), -14, -4)
    if m.chance(0.6):
        m.add(s.babble(rng, n, rng.integers(1, 4), (260, 420)), -10, 0)
    if m.chance(0.5):
        m.add(s.water(rng, n), -10, 0)
    if m.chance(0.35):
        m.add(band(s.music(rng, n), 250, 5000), -12, -2)
    if m.chance(0.25):
        toll = np.zeros(n)
        pitch = rng.uniform(280, 520)
        for k in range(5):
            place(toll, s.bell(rng, pitch, 1.2), rng.uniform(-2, 2) + 2 * k)
        m.raw(toll, -6, 3)
    if m.chance(0.4):
        m.events(0.2, lambda: s.bird(rng), -14, -4)
    if m.chance(0.5):
        m.add(s.wind(rng, n), -14, -4)
    m.in_room(0.2, 0.5, 0.15)
    if m.chance(0.3):
        m.add(s.traffic(rng, n, 0.15), -16, -7)


def urban_park(m: Mix) -> None:
    """Birds, leaves, wind, gravel, insects, a dog; the town far away."""
    rng, n = m.rng, m.samples
    m.add(s.city_roar(rng, n), -8, 0)
    m.events(rng.uniform(0.5, 2), lambda: s.bird(rng), -2, 8)
    if m.chance(0.8):
        m.add(s.leaves(rng, n), -10, 0)
    if m.chance(0.6):
        m.add(s.wind(rng, n), -10, 0)
    if m.chance(0.4):
        m.add(s.insects(rng, n), -12, -2)
    if m.chance(0.5):
        m.add(s.walkers(rng, n, rng.integers(1, 3), "gravel"), -10, 0)
    if m.chance(0.5):
        m.add(s.babble(rng, n, rng.integers(1, 4), (100, 350)), -16, -5)
    if m.chance(0.2):
        m.events(0.15, lambda: s.dog(rng), -6, 4)
    if m.chance(0.15):
        m.add(s.water(rng, n), -14, -6)
    if m.chance(0.3):
        m.add(s.traffic(rng, n, 0.12), -18, -8)


def traffic_street(m: Mix) -> None:
    """Cars passing, idling and sounding their horns; steps and a few voices."""
    rng, n = m.rng, m.samples
    m.add(s.traffic(rng, n, rng.uniform(0.5, 1.2)), 0, 4)
    m.add(s.city_roar(rng, n), -6, 1)
    if m.chance(0.35):
        m.add(s.engine(rng, n, (28, 75), rng.uniform(0.05, 1.2)), -10, -1)
    if m.chance(0.5):
        m.events(0.25, lambda: s.horn(rng), -6, 5)
    if m.chance(0.5):
        m.add(s.babble(rng, n, rng.integers(1, 4)), -16, -6)
    if m.chance(0.4):
        m.add(s.walkers(rng, n, rng.integers(1, 4), "hard"), -18, -8)
    if m.chance(0.3):
        crossing = s.beeps(rng, n, rng.uniform(800, 1500), 0.05, rng.choice([0.25, 1.0]), 40)
        m.raw(crossing, -14, -5)
    if m.chance(0.2):
        m.events(0.15, lambda: s.bird(rng), -16, -8)
    m.in_room(0.3, 0.7, 0.2)


def construction_site(m: Mix) -> None:
    """Hammers, breakers and saws over a generator, a reversing lorry, shouts."""
    rng, n = m.rng, m.samples
    m.add(s.city_roar(rng, n), -8, 0)
    m.add(s.engine(rng, n, (24, 60), rng.uniform(0, 0.4)), -8, 1)
    tools = [t for t in range(3) if m.chance(0.55)] or [int(rng.integers(3))]
    if 0 in tools:
        m.raw(s.hammering(rng, n), 6, 16)
    if 1 in tools:
        m.raw(s.breaker(rng, n), 6, 16)
    if 2 in tools:
        m.add(s.power_tool(rng, n), -5, 5)
    if m.chance(0.35):
        m.raw(s.beeps(rng, n, rng.uniform(1000, 1500), 0.5, 1.0, 12), -4, 6)
    m.events(0.25, lambda: s.hammer(rng, rng.uniform(250, 900)), -2, 8)
    if m.chance(0.4):
        m.add(s.babble(rng, n, rng.integers(1, 3)), -14, -3)
    m.in_room(0.2, 0.7, 0.25)
    if m.chance(0.4):
        m.add(s.traffic(rng, n, 0.25), -14, -5)


def bar(m: Mix) -> None:
    """Loud music with a beat, and people who talk over it; glasses."""
    rng, n = m.rng, m.samples
    m.add(s.music(rng, n), 0, 5)
    m.add(s.babble(rng, n, rng.integers(4, 9), (100, 300)), -5, 3)
    m.events(rng.uniform(0.3, 1.5), lambda: s.clink(rng), -6, 4)
    if m.chance(0.5):
        laugh = s.babble(rng, n, 2, (200, 380))
        m.add(laugh, -8, 0)
    m.in_room(0.3, 0.8, 0.5)
    if m.chance(0.5):
        m.add(s.ventilation(rng, n), -18, -9)


SCENES: dict[str, Callable[[Mix], None]] = {
    "Bus": bus,
    "Airport": airport,
    "Metro": metro,
    "Restaurant": restaurant,
    "Shopping mall": shopping_mall,
    "Public square": public_square,
    "Urban park": urban_park,
    "Traffic street": traffic_street,
    "Construction site": construction_site,
    "Bar": bar,
}
