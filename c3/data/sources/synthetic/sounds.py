"""Parametric sounds: six families of voices that the simulated AudioSet is made of.

Every function draws one instance from ``rng``: its own pitch, timbre, tempo and envelope within the ranges
of its class, and returns float32 (seconds · RATE,) at arbitrary level. A pair (low, high) is a range to draw
from, uniform in the logarithm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.fft

RATE = 16_000
NYQUIST = RATE / 2
TABLE = 4096
Range = tuple[float, float]
VOWELS = np.array(
    [
        (730, 1090, 2440),
        (530, 1840, 2480),
        (270, 2290, 3010),
        (570, 840, 2410),
        (300, 870, 2240),
        (500, 1500, 2500),
    ],
    float,
)
PENTATONIC = np.array([0, 2, 4, 7, 9])


def between(rng: np.random.Generator, bounds: Range) -> float:
    """One draw from a range, uniform in the logarithm."""
    low, high = bounds
    return float(low * (high / low) ** rng.random())


def tone(pitch: np.ndarray, partials: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A harmonic tone of instantaneous ``pitch`` (n,) in Hz; partials above the band are left out."""
    count = max(1, min(len(partials), int(0.95 * NYQUIST / pitch.max())))
    spectrum = np.zeros(TABLE // 2 + 1, np.complex64)
    spectrum[1 : count + 1] = partials[:count] * np.exp(2j * np.pi * rng.random(count))
    table = scipy.fft.irfft(spectrum).astype(np.float32) * (TABLE / 2)
    phase = np.cumsum(pitch) * (TABLE / RATE)
    return table[phase.astype(np.int64) & (TABLE - 1)]


def noise(samples: int, gain, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise (samples,) whose spectrum has the magnitude ``gain(frequencies)``, of power about 1."""
    length = scipy.fft.next_fast_len(max(samples, 64), real=True)
    frequencies = np.linspace(0, NYQUIST, length // 2 + 1, dtype=np.float32)
    magnitude = np.asarray(gain(frequencies), np.float32)
    magnitude *= np.sqrt(length * length / 2 / max(float((magnitude**2).sum()), 1e-12)) / 2
    parts = rng.standard_normal((2, len(frequencies)), dtype=np.float32)
    return scipy.fft.irfft((parts[0] + 1j * parts[1]) * magnitude, n=length)[:samples]


def band(low: float, high: float, slope: float = 2.0):
    """A magnitude curve: flat from low to high Hz, falling by the power ``slope`` of frequency outside."""
    return lambda f: 1 / (1 + (low / np.maximum(f, 1)) ** slope) / (1 + (f / high) ** slope)


def resonances(frequencies: np.ndarray, centres: np.ndarray, sharpness: float = 8.0) -> np.ndarray:
    """Gain at ``frequencies`` of resonances at ``centres`` Hz, the higher ones weaker."""
    gain = np.full(np.shape(frequencies), 0.01)
    for i, centre in enumerate(centres):
        detuned = frequencies / centre - centre / np.maximum(frequencies, 1)
        gain = gain + 0.6**i / (1 + (sharpness * detuned) ** 2)
    return gain


def envelope(samples: int, attack: float, release: float) -> np.ndarray:
    """Raised-cosine ramps of ``attack`` and ``release`` seconds at the ends of a flat envelope."""
    x = np.ones(samples, np.float32)
    for seconds, part in ((attack, x), (release, x[::-1])):
        n = min(max(int(seconds * RATE), 8), samples)
        part[:n] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n, dtype=np.float32) / n)
    return x


def decaying(samples: int, frequencies, decays, amplitudes, rng: np.random.Generator) -> np.ndarray:
    """A sum of damped sinusoids of random phase; the decays are time constants in seconds."""
    t = np.arange(samples, dtype=np.float32) / RATE
    out = np.zeros(samples, np.float32)
    for f, d, a in zip(frequencies, decays, amplitudes, strict=True):
        n = min(samples, int(7 * d * RATE) + 1)
        if f < 0.95 * NYQUIST:
            wave = np.sin(np.float32(2 * np.pi * f) * t[:n] + np.float32(2 * np.pi * rng.random()))
            out[:n] += np.float32(a) * np.exp(-t[:n] / np.float32(d)) * wave
    return out


def drift(samples: int, spacing: float, rng: np.random.Generator) -> np.ndarray:
    """A random curve (samples,) through normal knots, ``spacing`` seconds apart."""
    knots = rng.standard_normal(max(int(samples / RATE / spacing), 1) + 2)
    return np.interp(np.linspace(0, len(knots) - 1, samples), np.arange(len(knots)), knots).astype(np.float32)


def place(out: np.ndarray, time: float, wave: np.ndarray) -> None:
    """Add ``wave`` to ``out`` from ``time`` seconds on; what sticks out is cut."""
    first = int(time * RATE)
    if first < len(out):
        wave = wave[: len(out) - first]
        out[first : first + len(wave)] += wave


def groups(
    rng: np.random.Generator, seconds: float, length: Range, gap: Range, count: Range, pause: Range
) -> Iterator[tuple[float, float, int]]:
    """(time, length, place in its group) of events: groups of ``count``, ``gap`` apart, with a pause between.

    Tempo is an instance's own: length, gap and pause are drawn once and then vary by some 15 %.
    """
    length, gap, pause = (between(rng, bounds) for bounds in (length, gap, pause))
    time = pause * rng.random() * 0.5
    while time < seconds:
        for position in range(round(between(rng, count))):
            duration = length * np.exp(0.15 * rng.standard_normal())
            yield time, duration, position
            time += duration + gap * np.exp(0.15 * rng.standard_normal())
            if time >= seconds:
                return
        time += pause * np.exp(0.25 * rng.standard_normal())


def voice(
    rng: np.random.Generator,
    seconds: float,
    *,
    pitch: Range,
    contour: tuple[float, float, float],
    length: Range,
    gap: Range,
    count: Range,
    pause: Range,
    tract: Range,
    vowels: tuple[int, ...] = (0, 1, 2, 3, 4, 5),
    breath: float = 0.05,
    rough: float = 0.0,
    vibrato: float = 0.0,
    sung: bool = False,
    spread: float = 1.5,
) -> np.ndarray:
    """Syllables from a source with formants: speech, song, cries, barks.

    ``contour`` is the pitch in semitones at the beginning, the middle and the end of a syllable, ``tract``
    scales the formants, ``spread`` is the variation of pitch between syllables in semitones.
    """
    out = np.zeros(int(seconds * RATE), np.float32)
    base, scale, tilt = between(rng, pitch), between(rng, tract), rng.uniform(0.6, 1.3)
    rate, depth, degree = rng.uniform(4.5, 6.5), vibrato * rng.uniform(0.5, 1.5), 0
    rasp = between(rng, (35, 90))
    for time, duration, _ in groups(rng, seconds, length, gap, count, pause):
        n = max(int(duration * RATE), 400)
        x = np.linspace(0, 1, n, dtype=np.float32)
        degree = int(np.clip(degree + rng.integers(-2, 3), -3, 6))
        step = 12 * (degree // 5) + PENTATONIC[degree % 5] if sung else spread * rng.standard_normal()
        semitones = step + rng.uniform(0.6, 1.4) * np.interp(x, [0, 0.4, 1], contour)
        t = x * (n / RATE)
        semitones = semitones + depth * np.sin(2 * np.pi * rate * t) + 0.15 * drift(n, 0.03, rng)
        f0 = base * 2 ** (semitones / 12)
        partials = np.arange(1, 60)
        first, last = VOWELS[rng.choice(vowels, 2)] * scale
        source = partials**-tilt
        mean = f0.mean()
        wave = tone(f0, source * resonances(partials * mean, first), rng) * (1 - x)
        wave = wave + tone(f0, source * resonances(partials * mean, last), rng) * x
        level = np.sqrt(np.mean(wave**2)) + 1e-9
        wave = wave / level + breath * noise(n, lambda f, c=first: resonances(f, c, 3.0), rng)
        if rough:
            wave = wave * (1 + rough * np.sin(2 * np.pi * rasp * t + 3 * drift(n, 0.02, rng)))
        attack = min(0.3 * duration, 0.05)
        place(out, time, wave * envelope(n, attack, 0.5 * duration) * np.exp(0.25 * rng.standard_normal()))
    return out


def melody(
    rng: np.random.Generator,
    seconds: float,
    *,
    pitch: Range,
    period: Range,
    attack: float,
    decay: Range | None,
    tilt: Range,
    chord: tuple[int, int] = (1, 1),
    strum: float = 0.0,
    vibrato: float = 0.0,
    breath: float = 0.0,
) -> np.ndarray:
    """Notes of a pentatonic scale; plucked or struck ones fall with ``decay``, the others are held.

    ``strum`` is the delay between the notes of a chord in seconds.
    """
    out = np.zeros(int(seconds * RATE), np.float32)
    base, beat, slope = between(rng, pitch), between(rng, period), between(rng, tilt)
    fall = between(rng, decay) if decay else 0.0
    body = between(rng, (200, 900)), between(rng, (900, 3000))
    time, degree = beat * rng.random(), 0
    while time < seconds:
        duration = beat * rng.choice([0.5, 1, 1, 2])
        degree = int(np.clip(degree + rng.integers(-3, 4), -5, 8))
        for voice_number in range(rng.integers(chord[0], chord[1] + 1)):
            note = degree + 2 * voice_number
            f = base * 2 ** ((12 * (note // 5) + PENTATONIC[note % 5]) / 12)
            n = int((4 * fall if decay else duration) * RATE) + 400
            t = np.arange(n, dtype=np.float32) / RATE
            f0 = f * (1 + 0.006 * vibrato * np.sin(2 * np.pi * 5.5 * t) + 0.0005 * drift(n, 0.2, rng))
            partials = np.arange(1, 40)
            source = partials**-slope * (0.3 + resonances(partials * f, body, 2.0))
            if decay:
                dull = tone(f0, source * np.exp(-partials / 4), rng)
                wave = dull * np.exp(-t / fall) + tone(f0, source, rng) * np.exp(-t / (0.25 * fall))
                wave *= envelope(n, attack, 0.02)
            else:
                wave = tone(f0, source, rng) + breath * noise(n, band(f, 4 * f), rng)
                wave *= envelope(n, attack, 0.08) * (1 + 0.2 * drift(n, 0.3, rng))
            place(out, time + voice_number * strum, wave * rng.uniform(0.4, 1))
        time += duration
    return out


def strikes(
    rng: np.random.Generator,
    seconds: float,
    *,
    pitch: Range,
    ratios: tuple[float, ...],
    decay: Range,
    click: float,
    click_band: Range,
    click_decay: Range,
    length: Range,
    gap: Range,
    count: Range = (1, 1),
    pause: Range = (0.01, 0.02),
    bodies: int = 1,
    loudness: float = 0.2,
) -> np.ndarray:
    """Blows on ``bodies`` things in turn: damped modes at ``ratios`` of a pitch, and a click of noise."""
    out = np.zeros(int(seconds * RATE), np.float32)
    hits = []
    base = between(rng, pitch)
    for _ in range(bodies):
        f = (
            base
            * np.exp(0.2 * rng.standard_normal())
            * np.array(ratios)
            * (1 + 0.02 * rng.standard_normal(len(ratios)))
        )
        fall = between(rng, decay) * (f / f[0]) ** -0.6
        burst, centre = between(rng, click_decay), between(rng, click_band)
        n = int(min(seconds, 6 * max(fall[0], burst)) * RATE) + 1
        wave = decaying(n, f, fall, rng.uniform(0.3, 1, len(f)) * np.arange(1, len(f) + 1) ** -0.4, rng)
        sharp = noise(n, band(centre * 0.6, centre * 1.6), rng)
        wave = wave + click * sharp * np.exp(-np.arange(n, dtype=np.float32) / (burst * RATE))
        hits.append(wave)
    for number, (time, _, _) in enumerate(groups(rng, seconds, length, gap, count, pause)):
        place(out, time, hits[number % bodies] * np.exp(loudness * rng.standard_normal()))
    return out


def engine(
    rng: np.random.Generator,
    seconds: float,
    *,
    pitch: Range,
    revs: float,
    pace: Range,
    tilt: Range,
    hiss: float,
    body: Range,
    chop: float = 0.0,
    whine: Range | None = None,
) -> np.ndarray:
    """Combustion or rotor: a low tone whose speed wanders by ``revs`` octaves, and noise at its beat.

    ``chop`` sharpens the beat (rotor blades), ``whine`` adds a high tone that follows the speed.
    """
    n = int(seconds * RATE)
    f0 = between(rng, pitch) * 2 ** (revs * np.tanh(drift(n, between(rng, pace), rng)))
    f0 = f0 * (1 + 0.01 * drift(n, 0.05, rng))
    partials = np.arange(1, 120)
    centres = sorted(between(rng, body) for _ in range(3))
    source = partials ** -between(rng, tilt) * (0.1 + resonances(partials * f0.mean(), centres, 2.5))
    wave = tone(f0, source * rng.uniform(0.3, 1, len(partials)), rng)
    wave /= wave.std() + 1e-9
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * np.cumsum(f0) / RATE).astype(np.float32)
    rush = noise(n, lambda f: resonances(f, centres, 1.0), rng)
    wave = wave + hiss * rush * (beat ** (1 + 4 * chop) if chop else 0.4 + 0.6 * beat)
    if whine:
        wave = wave + 0.25 * tone(between(rng, whine) * f0 / f0.mean(), np.array([1, 0.3, 0.1]), rng)
    return wave * 10 ** (0.15 * drift(n, 0.8, rng))


def wash(
    rng: np.random.Generator,
    seconds: float,
    *,
    low: Range,
    high: Range,
    swell: Range,
    depth: float,
    hiss: float = 1.0,
    grains: Range | None = None,
    grain_pitch: Range = (1000, 3000),
    grain_decay: Range = (0.002, 0.006),
) -> np.ndarray:
    """Noise in a band that swells by ``depth`` (log10 of amplitude), and ``grains`` a second: drops, claps."""
    n = int(seconds * RATE)
    wave = hiss * noise(n, band(between(rng, low), between(rng, high)), rng)
    if grains:
        times = rng.integers(0, n, rng.poisson(between(rng, grains) * seconds))
        impulses = np.zeros((3, n), np.float32)
        which = rng.integers(0, 3, len(times))
        np.add.at(impulses, (which, times), np.exp(0.7 * rng.standard_normal(len(times))).astype(np.float32))
        padded = scipy.fft.next_fast_len(n + 1024, real=True)
        total = 0
        for row in impulses:
            d = between(rng, grain_decay)
            frequencies = [between(rng, grain_pitch) for _ in range(3)]
            grain = decaying(1024, frequencies, [d, d / 2, d / 2], [1, 0.7, 0.7], rng)
            total = total + scipy.fft.rfft(row, padded) * scipy.fft.rfft(grain, padded)
        drops = scipy.fft.irfft(total, padded)[:n]
        wave = wave + drops / (drops.std() + 1e-9)
    return wave * 10 ** (depth * drift(n, between(rng, swell), rng))


def calls(
    rng: np.random.Generator,
    seconds: float,
    *,
    pitch: Range,
    sweep: float,
    length: Range,
    gap: Range,
    count: Range,
    pause: Range,
    partials: tuple[float, ...] = (1.0, 0.1),
    varied: float = 0.0,
    chord: tuple[float, ...] = (1.0,),
    trill: Range | None = None,
    attack: float = 0.01,
) -> np.ndarray:
    """Tones that sweep by up to ``sweep`` octaves: birds, insects, beepers, horns.

    ``varied`` is the spread of pitch in octaves between the members of a group, ``chord`` the ratios of tones
    that sound together, ``trill`` the rate of an amplitude modulation in Hz.
    """
    out = np.zeros(int(seconds * RATE), np.float32)
    base, rate = between(rng, pitch), between(rng, trill) if trill else 0.0
    motif = rng.standard_normal((6, 3))
    for time, duration, position in groups(rng, seconds, length, gap, count, pause):
        n = max(int(duration * RATE), 160)
        x = np.linspace(0, 1, n)
        bend, shape, height = motif[position % 6] + 0.15 * rng.standard_normal(3)
        octaves = varied * height + sweep * (bend * (x - 0.5) + shape * (x * (1 - x) - 0.15))
        f0 = np.minimum(base * 2**octaves, 0.95 * NYQUIST)
        wave = sum(tone(f0 * ratio, np.array(partials), rng) for ratio in chord)
        if trill:
            wave = wave * (0.5 - 0.5 * np.cos(2 * np.pi * rate * x * n / RATE)) ** 2
        place(
            out, time, wave * envelope(n, attack, min(2 * attack, duration / 3)) * np.exp(0.15 * rng.standard_normal())
        )
    return out


def siren(rng: np.random.Generator, seconds: float, *, pitch: Range, sweep: Range, period: Range) -> np.ndarray:
    """A tone that wails up and down, changing its tempo now and then."""
    n = int(seconds * RATE)
    speed = 1 / between(rng, period)
    if rng.random() < 0.3:
        speed = np.where(np.arange(n) < n * rng.random(), speed, speed * rng.choice([0.2, 5]))
    cycle = np.cumsum(np.broadcast_to(speed, n)) / RATE + rng.random()
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * cycle)
    if rng.random() < 0.25:
        wave = np.round(wave)
    f0 = between(rng, pitch) * 2 ** (between(rng, sweep) * wave)
    return tone(f0, np.array([1, 0.5, 0.4, 0.2, 0.15, 0.1]), rng)
