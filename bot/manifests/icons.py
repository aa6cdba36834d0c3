"""The two icons a Teams app needs, drawn here: the mark of two clients, one large, one golden."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

COLOUR, OUTLINE = 192, 32
"""Sizes in pixels that Teams wants."""
_FINE = 4  # samples a pixel each way, for smooth edges
_VIEW = 34.0  # units of the drawing, as in web_assets/mark.svg
_GREEN, _WHITE, _GOLD = (11, 93, 78), (255, 255, 255), (227, 154, 59)
_LARGE, _SMALL = (13.0, 19.0, 7.0), (22.5, 13.5, 5.5)  # x, y, radius

Mask = npt.NDArray[np.float64]


def colour_icon() -> bytes:
    """The full-bleed icon, 192 x 192, as PNG."""
    pixels = np.zeros((COLOUR, COLOUR, 4))
    pixels[..., :3], pixels[..., 3] = _GREEN, 255
    for circle, paint in ((_LARGE, _WHITE), (_SMALL, _GOLD)):
        share = _disc(COLOUR, circle)[..., None]
        pixels[..., :3] = pixels[..., :3] * (1 - share) + np.array(paint) * share
    return _png(pixels)


def outline_icon() -> bytes:
    """The outline, white on transparent, 32 x 32, as PNG."""
    line = _VIEW / OUTLINE * 1.6
    pixels = np.full((OUTLINE, OUTLINE, 4), 255.0)
    ink = np.zeros((OUTLINE, OUTLINE))
    for x, y, radius in (_LARGE, _SMALL):
        outer = _disc(OUTLINE, (x, y, radius + line / 2))
        inner = _disc(OUTLINE, (x, y, radius - line / 2))
        # Where the two meet the front one hides the line behind it.
        ink = np.maximum(ink * (1 - outer), outer - inner)
    pixels[..., 3] = ink * 255
    return _png(pixels)


def _disc(size: int, circle: tuple[float, float, float]) -> Mask:
    """How much of each pixel a disc covers."""
    x, y, radius = circle
    at = (np.arange(size * _FINE) + 0.5) * _VIEW / (size * _FINE)
    inside = (at[None, :] - x) ** 2 + (at[:, None] - y) ** 2 <= radius**2
    fine: Mask = inside.reshape(size, _FINE, size, _FINE).mean(axis=(1, 3))
    return fine


def _png(pixels: npt.NDArray[np.float64]) -> bytes:
    height, width = pixels.shape[:2]
    rows = np.rint(pixels).astype(np.uint8).reshape(height, width * 4)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check
