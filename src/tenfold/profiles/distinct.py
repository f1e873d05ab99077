"""How many different values: HyperLogLog (Flajolet et al. 2007) with 2,048 registers and the estimator of Ertl (2017),
which needs no bias tables. Standard error 1.04 / sqrt(2048) = 2.3 %. Hashes are our own, so that profiles made by any
version of any library merge."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

BITS = 11
REGISTERS = 1 << BITS

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
_BYTES = np.random.Generator(np.random.PCG64(20260101)).integers(1, 2**63, 256, dtype=np.uint64)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def new_registers() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Registers of no values."""
    return np.zeros(REGISTERS, np.uint8)


def hash_floats(values: np.ndarray[Any, np.dtype[np.float64]]) -> Hashes:
    """64-bit hashes of numbers; 0.0 and -0.0 are one value."""
    return mix((values + 0.0).view(np.uint64))


def hash_strings(offsets: np.ndarray[Any, np.dtype[np.int64]], data: np.ndarray[Any, np.dtype[np.uint8]]) -> Hashes:
    """64-bit hashes of strings laid out as Arrow does: string i is data[offsets[i]:offsets[i + 1]] in UTF-8."""
    lengths = np.diff(offsets)
    total = np.zeros(lengths.size, np.uint64)
    filled = np.flatnonzero(lengths)
    if filled.size:
        starts = offsets[:-1][filled]
        place = np.arange(starts[0], offsets[-1]) - np.repeat(starts, lengths[filled])
        powers = _powers(int(lengths.max()))
        total[filled] = np.add.reduceat(_BYTES[data[starts[0] : offsets[-1]]] * powers[place], starts - starts[0])
    return mix(total ^ (lengths.astype(np.uint64) * _STEP))


def observe(registers: np.ndarray[Any, np.dtype[np.uint8]], hashes: Hashes) -> None:
    """Note hashes in the registers, in place. The same hash twice changes nothing."""
    bucket = (hashes >> np.uint64(64 - BITS)).astype(np.int64)
    rest = hashes << np.uint64(BITS) | np.uint64(1 << (BITS - 1))  # a guard bit bounds the rank
    # the exponent of a float64 is the place of the highest bit; clearing low bits first keeps it from rounding up
    _, exponent = np.frexp((rest & ~(rest >> np.uint64(1))).astype(np.float64))
    np.maximum.at(registers, bucket, (65 - exponent).astype(np.uint8))


def estimate(registers: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    """Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6."""
    longest = 64 - BITS
    seen = np.bincount(registers, minlength=longest + 2)
    z = REGISTERS * _tau(1 - seen[longest + 1] / REGISTERS)
    for count in seen[longest:0:-1]:
        z = 0.5 * (z + count)
    z += REGISTERS * _sigma(seen[0] / REGISTERS)
    return 0.0 if math.isinf(z) else float(REGISTERS**2 / (2 * math.log(2) * z))


def pack(registers: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Registers as they are kept."""
    return zlib.compress(registers.tobytes(), 6)


def unpack(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The registers of `pack`ed bytes; empty bytes are no values."""
    return np.frombuffer(zlib.decompress(data), np.uint8).copy() if data else new_registers()


def mix(bits: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele et al. 2014): every bit of the input reaches every bit of the output."""
    bits = bits + _STEP
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _powers(count: int) -> Hashes:
    powers = np.full(count, 0xD6E8FEB86659FD93, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
