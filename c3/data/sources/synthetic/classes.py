"""The 32 classes of the simulation, from the most to the least frequent: what each sounds like, and its picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from c3.data.sources.synthetic import sprites as s
from c3.data.sources.synthetic.sounds import calls, engine, melody, siren, strikes, voice, wash
from c3.data.sources.synthetic.sprites import (
    BLACK,
    BLUE,
    BROWN,
    DARK,
    GOLD,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKIN,
    WATER,
    WHITE,
)


class SoundClass(NamedTuple):
    """A class: its sound, how it lies in time, and its picture."""

    label: str
    name: str
    sound: Callable[[np.random.Generator, float], np.ndarray]
    bout: float
    """probability that the sound is confined to one part of the segment"""
    parts: list


def _class(label: str, name: str, family: Callable, bout: float, parts: list, **parameters) -> SoundClass:
    return SoundClass(label, name, partial(family, **parameters), bout, parts)


# From the most to the least frequent.
CLASSES = [
    _class(
        "/m/09x0r", "Speech", voice, 0.4, s.face(SKIN, DARK, 0.1),
        pitch=(85, 260), contour=(1, 1, -2), length=(0.1, 0.22), gap=(0.01, 0.06), count=(4, 14),
        pause=(0.2, 0.9), tract=(0.85, 1.2), breath=0.15, spread=2.0,
    ),
    _class(
        "/m/042v_gx", "Acoustic guitar", melody, 0.2, s.strings(ORANGE, BLACK, 1.0),
        pitch=(140, 330), period=(0.25, 0.7), attack=0.002, decay=(0.15, 0.6), tilt=(0.7, 1.3),
        chord=(1, 4), strum=0.02,
    ),
    _class(
        "/m/07pggtn", "Chirp, tweet", calls, 0.2, s.bird((200, 0.6, 0.7), GOLD, BLACK),
        pitch=(2000, 5000), sweep=0.35, length=(0.04, 0.2), gap=(0.02, 0.12), count=(2, 9), pause=(0.3, 2.0),
        varied=0.15,
    ),
    _class(
        "/m/04_sv", "Motorcycle", engine, 0.4,
        [
            *s.wheels(0.5, -0.6, 0.6), s.shape(RED, (-0.7, 0.1), (0.1, -0.3), (0.6, 0.2), (0.1, 0.55)),
            s.ellipse(-0.35, -0.1, 0.35, 0.12, DARK), s.box(0.5, -0.15, 0.05, 0.4, GREY, -25),
        ],
        pitch=(35, 90), revs=0.6, pace=(0.4, 1.5), tilt=(0.5, 1.0), hiss=0.5, body=(120, 1500),
    ),
    _class(
        "/m/06mb1", "Rain", wash, 0.1,
        [
            *(s.ellipse(x, y, 0.42, 0.3, GREY) for x, y in ((-0.4, -0.4), (0.1, -0.55), (0.45, -0.35))),
            *s.row(lambda x: s.box(x, 0.3, 0.03, 0.25, WATER, 15), -0.6, 0.6, 5),
        ],
        low=(300, 1500), high=(4000, 7500), swell=(1.5, 5), depth=0.1, grains=(200, 2500),
        grain_pitch=(1500, 6500), grain_decay=(0.001, 0.004),
    ),
    _class(
        "/m/05tny_", "Bark", voice, 0.4, s.beast(BROWN, DARK, "hanging"),
        pitch=(250, 650), contour=(2, 3, -5), length=(0.07, 0.18), gap=(0.08, 0.3), count=(1, 5),
        pause=(0.4, 2.0), tract=(0.9, 1.5), vowels=(0, 3), breath=0.6, rough=0.4,
    ),
    _class(
        "/m/05r5c", "Piano", melody, 0.2,
        [
            s.box(0, 0, 0.95, 0.6, BLACK), s.box(0, 0.25, 0.9, 0.25, WHITE),
            *s.row(lambda x: s.box(x, 0.15, 0.05, 0.15, BLACK), -0.75, 0.75, 7),
        ],
        pitch=(160, 520), period=(0.2, 0.8), attack=0.004, decay=(0.3, 1.0), tilt=(1.0, 1.8), chord=(1, 3),
    ),
    _class(
        "/m/034srq", "Waves, surf", wash, 0.1,
        [
            s.box(0, 0.35, 1, 0.6, BLUE), *s.row(lambda x: s.ellipse(x, -0.2, 0.3, 0.22, BLUE), -0.7, 0.7, 3),
            *s.row(lambda x: s.ellipse(x, 0.1, 0.22, 0.06, WHITE), -0.6, 0.6, 4),
        ],
        low=(60, 250), high=(800, 4000), swell=(1.5, 4), depth=0.45,
    ),
    _class(
        "/m/04qvtq", "Police car (siren)", siren, 0.3,
        [
            *s.wheels(0.5, -0.5, 0.5), s.box(0, 0.2, 0.95, 0.25, WHITE), s.box(0, 0.25, 0.95, 0.1, BLUE),
            s.shape(DARK, (-0.55, -0.05), (-0.35, -0.45), (0.35, -0.45), (0.6, -0.05)),
            s.box(-0.1, -0.55, 0.1, 0.1, RED), s.box(0.1, -0.55, 0.1, 0.1, BLUE),
        ],
        pitch=(450, 900), sweep=(0.4, 1.3), period=(0.3, 5),
    ),
    _class(
        "/m/026t6", "Drum", strikes, 0.2,
        [
            s.box(0, 0.2, 0.75, 0.4, RED), s.ellipse(0, 0.6, 0.75, 0.22, RED),
            s.ellipse(0, -0.2, 0.75, 0.25, WHITE), s.box(0.3, -0.55, 0.04, 0.4, BROWN, 50),
        ],
        pitch=(70, 240), ratios=(1, 1.59, 2.14, 2.3, 2.65), decay=(0.05, 0.25), click=0.5,
        click_band=(800, 5000), click_decay=(0.02, 0.12), length=(0.05, 0.2), gap=(0.08, 0.3),
        count=(3, 9), pause=(0.1, 0.5), bodies=3, loudness=0.35,
    ),
    _class(
        "/m/015lz1", "Singing", voice, 0.2,
        [*s.face(SKIN, BROWN, 0.22), s.ellipse(0.3, 0.7, 0.16, 0.16, BLACK), s.box(0.45, 0.88, 0.2, 0.05, GREY, 45)],
        pitch=(130, 420), contour=(-0.5, 0, 0), length=(0.25, 0.9), gap=(0.01, 0.05), count=(4, 10),
        pause=(0.2, 0.8), tract=(0.85, 1.15), breath=0.05, vibrato=0.5, sung=True,
    ),
    _class(
        "/m/09ct_", "Helicopter", engine, 0.3,
        [
            s.box(-0.5, 0.0, 0.5, 0.07, GREEN), s.ellipse(0.25, 0.1, 0.5, 0.35, GREEN),
            s.ellipse(0.5, 0.05, 0.2, 0.2, WATER), s.box(0.2, -0.4, 0.95, 0.04, DARK),
            s.box(0.25, 0.55, 0.5, 0.04, DARK), s.box(-0.95, -0.1, 0.05, 0.2, DARK),
        ],
        pitch=(10, 24), revs=0.08, pace=(2, 6), tilt=(0.2, 0.7), hiss=1.2, body=(90, 900), chop=1.0,
        whine=(900, 3000),
    ),
    _class(
        "/m/0j6m2", "Stream", wash, 0.05,
        [s.shape(GREEN, (-1, -0.7), (1, -0.7), (1, 0.9), (-1, 0.9)),
         s.shape(WATER, (-0.2, -0.7), (0.2, -0.7), (0.1, -0.2), (0.7, 0.9), (-0.5, 0.9), (-0.3, -0.1))],
        low=(250, 700), high=(1800, 4500), swell=(0.5, 2), depth=0.07, hiss=0.6, grains=(40, 250),
        grain_pitch=(400, 2200), grain_decay=(0.004, 0.02),
    ),
    _class(
        "/m/07y_7", "Violin, fiddle", melody, 0.2,
        [*s.strings((15, 0.8, 0.5), BLACK, 0.75), s.box(0.55, 0.1, 0.03, 0.8, GOLD, 20)],
        pitch=(220, 700), period=(0.25, 1.2), attack=0.06, decay=None, tilt=(0.6, 1.1), vibrato=1.0,
        breath=0.05,
    ),
    _class(
        "/m/03m9d0z", "Wind", wash, 0.05,
        [
            s.shape(BROWN, (-0.15, 0.9), (0.1, 0.9), (0.15, 0.0), (0.0, 0.0)),
            s.ellipse(0.35, -0.35, 0.6, 0.4, GREEN, -20),
            s.ellipse(0.0, -0.2, 0.45, 0.3, GREEN),
        ],
        low=(50, 200), high=(300, 1200), swell=(0.6, 2.5), depth=0.35,
    ),
    _class(
        "/m/07pbtc8", "Walk, footsteps", strikes, 0.3,
        [
            s.shape(BROWN, (-0.7, -0.5), (-0.1, -0.5), (0.0, 0.0), (0.8, 0.2), (0.9, 0.5), (-0.75, 0.5)),
            s.box(0.05, 0.56, 0.85, 0.08, BLACK), s.box(-0.4, -0.45, 0.3, 0.05, WHITE),
        ],
        pitch=(80, 220), ratios=(1, 2.2, 3.7), decay=(0.02, 0.06), click=0.7, click_band=(400, 3500),
        click_decay=(0.01, 0.05), length=(0.05, 0.1), gap=(0.25, 0.6), count=(6, 20), bodies=2,
    ),
    _class(
        "/m/07qrkrw", "Meow", voice, 0.4, s.beast(GREY, WHITE, "pointed"),
        pitch=(380, 800), contour=(-4, 2, -3), length=(0.35, 0.9), gap=(0.3, 1.5), count=(1, 3),
        pause=(0.5, 2.5), tract=(1.2, 1.8), vowels=(0, 2, 4), breath=0.08,
    ),
    _class(
        "/m/0284vy3", "Train horn", calls, 0.4,
        [
            s.box(0, 0.0, 0.6, 0.75, BLUE), s.box(0, -0.35, 0.45, 0.2, DARK), s.box(0, 0.15, 0.6, 0.06, GOLD),
            s.ellipse(-0.35, 0.45, 0.12, 0.12, WHITE), s.ellipse(0.35, 0.45, 0.12, 0.12, WHITE),
            s.box(0, 0.8, 0.75, 0.08, BLACK),
        ],
        pitch=(200, 420), sweep=0.01, length=(0.5, 2.0), gap=(0.2, 0.7), count=(1, 4), pause=(1, 4),
        partials=(1, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3, 0.2, 0.2), chord=(1, 1.19, 1.5, 1.68), attack=0.05,
    ),
    _class(
        "/m/03w41f", "Church bell", strikes, 0.1,
        [
            s.shape(GOLD, (-0.2, -0.7), (0.2, -0.7), (0.45, 0.2), (0.75, 0.55), (-0.75, 0.55), (-0.45, 0.2)),
            s.ellipse(0, 0.65, 0.16, 0.16, DARK), s.ellipse(0, -0.75, 0.12, 0.12, DARK),
        ],
        pitch=(120, 420), ratios=(1, 2, 2.4, 3, 4, 5, 5.33, 6.7), decay=(1.0, 3.0), click=0.1,
        click_band=(1500, 5000), click_decay=(0.005, 0.02), length=(0.1, 0.2), gap=(0.6, 2.2), count=(4, 12),
        bodies=2,
    ),
    _class(
        "/m/0l14j_", "Flute", melody, 0.2,
        [
            s.box(0, 0, 0.98, 0.1, GREY, -20),
            *s.row(lambda x: s.ellipse(x, -0.364 * x, 0.05, 0.05, DARK), -0.6, 0.6, 6),
            s.box(0.75, -0.27, 0.14, 0.14, GOLD, -20),
        ],
        pitch=(300, 900), period=(0.2, 1.0), attack=0.05, decay=None, tilt=(1.8, 2.8), vibrato=0.6, breath=0.12,
    ),
    _class(
        "/m/09xqv", "Cricket", calls, 0.1,
        [
            s.ellipse(0, 0.1, 0.75, 0.22, GREEN), s.ellipse(0.7, 0.0, 0.22, 0.2, GREEN),
            s.box(-0.3, -0.25, 0.04, 0.45, GREEN, -35), s.box(-0.55, 0.0, 0.04, 0.6, GREEN, 25),
            s.box(0.3, 0.45, 0.03, 0.3, GREEN, 15), s.box(0.85, -0.45, 0.02, 0.4, DARK, 30),
        ],
        pitch=(3000, 5600), sweep=0.02, length=(0.06, 0.4), gap=(0.05, 0.4), count=(3, 40), pause=(0.1, 1.0),
        partials=(1.0, 0.05), trill=(25, 70),
    ),
    _class(
        "/m/01j4z9", "Chainsaw", engine, 0.3,
        [
            s.box(0.45, -0.05, 0.55, 0.12, GREY, -5), s.box(-0.4, 0.05, 0.45, 0.35, ORANGE),
            s.box(-0.4, -0.4, 0.4, 0.07, BLACK, -10), s.box(-0.55, 0.05, 0.2, 0.15, BLACK),
        ],
        pitch=(80, 190), revs=0.45, pace=(0.3, 1.2), tilt=(0.1, 0.6), hiss=0.6, body=(600, 4500),
    ),
    _class(
        "/m/028ght", "Applause", wash, 0.4,
        [*(s.ellipse(x, y, 0.2, 0.2, SKIN) for x, y in ((-0.6, -0.3), (0, -0.45), (0.6, -0.3))),
         *(s.ellipse(x, y, 0.3, 0.4, c) for x, y, c in ((-0.6, 0.3, RED), (0, 0.2, BLUE), (0.6, 0.3, GREEN)))],
        low=(500, 1000), high=(2500, 5000), swell=(0.8, 3), depth=0.15, hiss=0.5, grains=(60, 500),
        grain_pitch=(700, 3000), grain_decay=(0.003, 0.01),
    ),
    _class(
        "/t/dd00002", "Baby cry, infant cry", voice, 0.2, s.face((10, 0.4, 0.95), None, 0.3),
        pitch=(320, 560), contour=(-3, 2, -2), length=(0.4, 1.1), gap=(0.1, 0.35), count=(3, 8),
        pause=(0.3, 1.2), tract=(1.3, 1.7), vowels=(0, 1, 5), breath=0.12, rough=0.1,
    ),
    _class(
        "/m/07qjznl", "Tick-tock", strikes, 0.0,
        [*s.ring(0, 0, 0.9, GOLD, WHITE), s.ellipse(0, 0, 0.75, 0.75, WHITE), s.box(0, -0.25, 0.05, 0.3, BLACK),
         s.box(0.2, 0.05, 0.25, 0.04, BLACK, 15)],
        pitch=(1500, 4500), ratios=(1, 1.4, 1.9), decay=(0.003, 0.012), click=0.4, click_band=(2000, 6000),
        click_decay=(0.002, 0.005), length=(0.02, 0.04), gap=(0.2, 0.8), count=(20, 40), bodies=2, loudness=0.1,
    ),
    _class(
        "/m/07pp8cl", "Telephone bell ringing", strikes, 0.2,
        [
            s.shape(DARK, (-0.5, -0.2), (0.5, -0.2), (0.85, 0.65), (-0.85, 0.65)), s.ellipse(0, 0.2, 0.3, 0.3, WHITE),
            s.box(0, -0.45, 0.8, 0.14, DARK), s.ellipse(-0.75, -0.3, 0.2, 0.22, DARK),
            s.ellipse(0.75, -0.3, 0.2, 0.22, DARK),
        ],
        pitch=(800, 2000), ratios=(1, 2.1, 2.9, 4.2), decay=(0.15, 0.6), click=0.1, click_band=(2000, 6000),
        click_decay=(0.002, 0.01), length=(0.02, 0.03), gap=(0.015, 0.03), count=(18, 45), pause=(0.8, 2.5),
        bodies=2, loudness=0.1,
    ),
    _class(
        "/m/07r5c2p", "Caw", voice, 0.3, s.bird(BLACK, DARK, WHITE),
        pitch=(280, 560), contour=(-1, 1, -3), length=(0.18, 0.45), gap=(0.12, 0.4), count=(2, 6),
        pause=(0.6, 2.5), tract=(1.1, 1.6), vowels=(0, 5), breath=0.8, rough=0.6,
    ),
    _class(
        "/m/03l9g", "Hammer", strikes, 0.3,
        [s.box(0, 0.2, 0.09, 0.75, BROWN), s.box(0.05, -0.6, 0.5, 0.2, GREY),
         s.shape(GREY, (-0.45, -0.8), (-0.9, -0.5), (-0.45, -0.4))],
        pitch=(250, 1400), ratios=(1, 1.7, 2.8, 4.1, 5.9), decay=(0.015, 0.1), click=0.8,
        click_band=(1000, 5000), click_decay=(0.004, 0.02), length=(0.05, 0.1), gap=(0.3, 0.9), count=(3, 9),
        pause=(0.3, 2.0),
    ),
    _class(
        "/m/07rpkh9", "Moo", voice, 0.4, s.beast(WHITE, BLACK, "horned"),
        pitch=(90, 210), contour=(-4, 0, -2), length=(0.7, 1.9), gap=(0.5, 2.0), count=(1, 2), pause=(1, 3),
        tract=(0.55, 0.8), vowels=(3, 4), breath=0.1, rough=0.1,
    ),
    _class(
        "/m/01y3hg", "Smoke detector, smoke alarm", calls, 0.1,
        [*s.ring(0, 0, 0.85, GREY, WHITE), s.ellipse(0, 0, 0.75, 0.75, WHITE), s.ellipse(0, 0, 0.35, 0.35, GREY),
         s.ellipse(0.5, 0.2, 0.08, 0.08, RED)],
        pitch=(2600, 3500), sweep=0.0, length=(0.08, 0.5), gap=(0.08, 0.5), count=(1, 4), pause=(0.3, 3),
        partials=(1, 0.1, 0.3),
    ),
    _class(
        "/m/07r_80w", "Hoot", calls, 0.2,
        [
            s.ellipse(0, 0.15, 0.6, 0.75, BROWN), *s.ring(-0.25, -0.3, 0.25, WHITE, BLACK),
            *s.ring(0.25, -0.3, 0.25, WHITE, BLACK),
            s.shape(GOLD, (-0.08, -0.15), (0.08, -0.15), (0, 0.05)), s.ellipse(0, 0.4, 0.35, 0.4, SKIN),
        ],
        pitch=(280, 750), sweep=0.08, length=(0.12, 0.6), gap=(0.1, 0.4), count=(1, 6), pause=(1, 3.5),
        partials=(1, 0.15, 0.05), attack=0.05,
    ),
    _class(
        "/m/032s66", "Gunshot, gunfire", strikes, 0.4,
        [s.box(0.1, -0.3, 0.85, 0.18, DARK), s.box(-0.5, 0.2, 0.2, 0.45, DARK, 15),
         s.box(-0.05, 0.0, 0.15, 0.12, GREY)],
        pitch=(60, 160), ratios=(1, 1.8, 2.9), decay=(0.05, 0.2), click=3.0, click_band=(300, 2500),
        click_decay=(0.03, 0.25), length=(0.05, 0.1), gap=(0.08, 0.9), count=(1, 6), pause=(0.5, 4), bodies=2,
    ),
]  # fmt: skip
