"""Parametric pictures: flat objects in varied size, colour and place on cluttered backgrounds."""

from __future__ import annotations

import cv2
import numpy as np

HEIGHT, WIDTH = 72, 96
OVERSAMPLING = 2
Color = tuple[float, float, float]
Part = tuple

SKIN, BROWN, GREY, DARK = (22, 0.5, 0.85), (24, 0.7, 0.45), (0, 0.03, 0.55), (0, 0.05, 0.28)
BLACK, WHITE, RED, BLUE = (0, 0.0, 0.12), (0, 0.0, 0.95), (0, 0.8, 0.8), (215, 0.7, 0.75)
GREEN, GOLD, ORANGE, WATER = (110, 0.6, 0.5), (45, 0.7, 0.8), (26, 0.9, 0.9), (205, 0.5, 0.8)


def ellipse(x: float, y: float, a: float, b: float, color: Color, angle: float = 0.0) -> Part:
    """An ellipse around (x, y) with half axes a, b; coordinates from -1 to 1, y downwards."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.stack([a * np.cos(turn), b * np.sin(turn)], axis=1) @ _rotation(angle).T + (x, y)
    return points, color


def box(x: float, y: float, a: float, b: float, color: Color, angle: float = 0.0) -> Part:
    """A rectangle around (x, y) with half sides a, b."""
    points = np.array([(-a, -b), (a, -b), (a, b), (-a, b)]) @ _rotation(angle).T + (x, y)
    return points, color


def shape(color: Color, *points: tuple[float, float]) -> Part:
    """A polygon."""
    return np.array(points, float), color


def ring(x: float, y: float, radius: float, color: Color, inside: Color) -> list[Part]:
    """A disc with a rim."""
    return [ellipse(x, y, radius, radius, color), ellipse(x, y, 0.6 * radius, 0.6 * radius, inside)]


def row(part, first: float, last: float, count: int) -> list[Part]:
    """``part(x)`` at ``count`` places between first and last."""
    return [part(x) for x in np.linspace(first, last, count)]


def face(skin: Color, hair: Color | None, mouth: float) -> list[Part]:
    """A head with eyes and a mouth of half height ``mouth``."""
    back = [ellipse(0, -0.25, 0.72, 0.7, hair)] if hair else []
    eyes = [ellipse(x, -0.15, 0.09, 0.09, BLACK) for x in (-0.25, 0.25)]
    return [*back, ellipse(0, 0.1, 0.62, 0.78, skin), *eyes, ellipse(0, 0.45, 0.25, mouth, (350, 0.7, 0.5))]


def bird(body: Color, beak: Color, eye: Color) -> list[Part]:
    """A bird that looks to the right."""
    return [
        shape(body, (-0.5, 0.1), (-1, 0.35), (-0.9, 0.0)),
        ellipse(-0.05, 0.15, 0.6, 0.38, body, -15),
        ellipse(0.5, -0.3, 0.28, 0.27, body),
        shape(beak, (0.7, -0.38), (1, -0.25), (0.7, -0.18)),
        ellipse(0.57, -0.36, 0.06, 0.06, eye),
        box(0, 0.7, 0.03, 0.22, DARK),
    ]


def beast(body: Color, patch: Color, ears: str) -> list[Part]:
    """A four-legged animal; ears 'pointed', 'hanging' or 'horned'."""
    heads = {
        "pointed": [
            shape(body, (0.38, -0.5), (0.45, -0.95), (0.62, -0.6)),
            shape(body, (0.65, -0.6), (0.85, -0.95), (0.9, -0.45)),
        ],
        "hanging": [ellipse(0.42, -0.3, 0.12, 0.3, patch, 15)],
        "horned": [
            shape(WHITE, (0.4, -0.6), (0.35, -0.95), (0.52, -0.62)),
            shape(WHITE, (0.75, -0.62), (0.92, -0.95), (0.87, -0.6)),
        ],
    }
    legs = [box(x, 0.6, 0.09, 0.35, body) for x in (-0.6, -0.35, 0.15, 0.38)]
    spots = [ellipse(-0.35, 0.05, 0.2, 0.16, patch, 30), ellipse(0.05, 0.15, 0.14, 0.12, patch)]
    tail = [shape(body, (-0.7, 0.0), (-1, -0.45), (-0.85, 0.1))]
    head = [ellipse(0.62, -0.3, 0.32, 0.3, body), ellipse(0.85, -0.2, 0.16, 0.12, patch)]
    return [
        *tail,
        *legs,
        ellipse(-0.1, 0.1, 0.7, 0.36, body),
        *spots,
        *head,
        *heads[ears],
        ellipse(0.66, -0.38, 0.05, 0.05, BLACK),
    ]


def strings(wood: Color, hole: Color, size: float) -> list[Part]:
    """A guitar or a fiddle."""
    return [
        box(0, -0.5, 0.08, 0.5, DARK),
        ellipse(0, 0.05, 0.36 * size, 0.3, wood),
        ellipse(0, 0.5, 0.5 * size, 0.42, wood),
        ellipse(0, 0.3, 0.14, 0.14, hole),
        box(0, 0.68, 0.2 * size, 0.04, DARK),
    ]


def wheels(y: float, *xs: float) -> list[Part]:
    """Tyres."""
    return [part for x in xs for part in ring(x, y, 0.28, BLACK, GREY)]


def draw(parts: list[Part], radius: float, rng: np.random.Generator) -> np.ndarray:
    """One instance of an object: RGBA float32 (2 · radius, 2 · radius, 4) in 0 … 1.

    Turned, squeezed, mirrored, its hues, saturations and lightness shifted, lightly striped.
    """
    side = max(int(2 * radius), 8)
    big = side * OVERSAMPLING
    canvas = np.zeros((big, big, 4), np.float32)
    turn = _rotation(rng.normal(0, 10)) @ np.diag([rng.choice([-1, 1]), 1]) @ np.diag(rng.uniform(0.8, 1, 2))
    hue, saturation, value = rng.normal(0, 14), rng.uniform(0.6, 1.2), rng.uniform(0.7, 1.2)
    for points, (h, s, v) in parts:
        h, s, v = h + hue, s * saturation + 0.04 * rng.random(), v * value + 0.06 * rng.standard_normal()
        color = _rgb(h, s, v)
        pixels = ((points @ turn.T) * 0.92 + 1) * (big / 2)
        cv2.fillPoly(canvas, [np.round(pixels * 8).astype(np.int32)], (*color, 1.0), cv2.LINE_8, 3)
    canvas = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[:side, :side] / side
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(2, 9)
    stripes = np.sin(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 6))
    canvas[..., :3] *= (1 + rng.uniform(0, 0.15) * stripes[..., None]).astype(np.float32)
    return canvas


def background(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A soft, coloured, cluttered ground: float32 (height, width, 3) in 0 … 1."""
    hue, spread = rng.uniform(0, 360), rng.uniform(10, 60)
    grid = np.stack(
        [_rgb(hue + spread * rng.standard_normal(), rng.uniform(0, 0.45), rng.uniform(0.2, 0.9)) for _ in range(12)]
    ).reshape(3, 4, 3)
    ground = cv2.resize(grid.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    coarse = rng.standard_normal((height // 4, width // 4, 1), dtype=np.float32)
    ground += 0.07 * rng.random() * cv2.resize(coarse, (width, height))[..., None]
    for _ in range(rng.integers(1, 7)):
        color = _rgb(rng.uniform(0, 360), rng.uniform(0, 0.9), rng.uniform(0.1, 1))
        centre = rng.uniform(0, 1, 2) * (width, height)
        size = rng.uniform(2, 14, 2)
        part = (ellipse, box)[rng.integers(2)](0, 0, *size, color, rng.uniform(0, 180))[0] + centre
        cv2.fillPoly(ground, [np.round(part * 8).astype(np.int32)], color, cv2.LINE_8, 3)
    return np.clip(ground, 0, 1)


def film(objects: list[tuple[list[Part], np.ndarray]], frames: int, rng: np.random.Generator) -> np.ndarray:
    """A film: uint8 RGB (frames, HEIGHT, WIDTH, 3).

    ``objects`` are (parts, mask (frames,) of when it is in view). Objects and camera drift, light flickers.
    """
    margin = 8
    ground = background(HEIGHT + 2 * margin, WIDTH + 2 * margin, rng)
    wander = np.cumsum(rng.normal(0, 0.4, (frames, 2)), axis=0).clip(-margin, margin).astype(int) + margin
    light = rng.uniform(0.75, 1.15) * (1 + 0.02 * rng.standard_normal(frames))
    out = np.stack([ground[y : y + HEIGHT, x : x + WIDTH] for y, x in wander])
    for parts, visible in objects:
        radius = float(np.exp(rng.uniform(np.log(14), np.log(32))))
        sprite = draw(parts, radius, rng)
        side = sprite.shape[0]
        centre = np.array([HEIGHT / 2, WIDTH / 2]) + rng.uniform(-1, 1, 2) * (16, 24)
        path = centre + np.cumsum(rng.normal(0, 0.7, (frames, 2)), axis=0) + rng.normal(0, 0.4, (frames, 2))
        corner = np.round(path - side / 2).astype(int)
        for frame in np.flatnonzero(visible):
            top, left = corner[frame]
            y, x = max(top, 0), max(left, 0)
            piece = sprite[y - top : HEIGHT - top, x - left : WIDTH - left]
            if 0 in piece.shape:
                continue
            target = out[frame, y : y + piece.shape[0], x : x + piece.shape[1]]
            alpha = piece[..., 3:]
            target *= 1 - alpha
            target += piece[..., :3]
    grain = rng.standard_normal((4, HEIGHT, WIDTH, 1), dtype=np.float32)
    grain *= np.float32(rng.uniform(0.005, 0.03))
    out = out * light[:, None, None, None].astype(np.float32) + grain[np.arange(frames) % 4]
    return (np.clip(out, 0, 1) * 255).astype(np.uint8)


def _rotation(degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    return np.array([(np.cos(a), -np.sin(a)), (np.sin(a), np.cos(a))])


def _rgb(hue: float, saturation: float, value: float) -> Color:
    """RGB in 0 … 1 of a hue in degrees."""
    s, v = np.clip(saturation, 0, 1), np.clip(value, 0, 1)
    k = (np.array([5, 3, 1]) + hue / 60) % 6
    return tuple(float(c) for c in v - v * s * np.clip(np.minimum(k, 4 - k), 0, 1))
