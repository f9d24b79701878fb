"""Formulas for weights, images and checksums. src/zoo/testing/formulas.ts computes the same bits.

Every number is a function of a name and an index, through 32-bit integer arithmetic and one rounding to float32, so
fixtures need to store neither weights nor images.
"""

import math

import numpy as np

STEP = np.float64(2.0**-23)
CELL = 16
PROJECTIONS = 3


def hash_text(text):
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def hashed(name, indices):
    """A 32-bit word per index: MurmurHash3's finalizer (Appleby) applied to index · golden ratio + hash of the name."""
    with np.errstate(over="ignore"):
        h = indices.astype(np.uint32) * np.uint32(0x9E3779B1) + np.uint32(hash_text(name))
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return h


def even(name, indices):
    """Uniform over [-1, 1), in steps of 2^-23, as float64."""
    return (hashed(name, indices) >> np.uint32(8)).astype(np.float64) * STEP - 1


def weights(name, shape):
    """Values for the parameter or statistic with this published name, as float32."""
    center, reach = spread(name, shape)
    values = even(name, np.arange(math.prod(shape), dtype=np.uint32))
    return (center + np.float64(np.float32(reach)) * values).astype(np.float32).reshape(shape)


def spread(name, shape):
    """Center and reach. Kernels and matrices keep the magnitude of values that pass through a ReLU (He et al. 2015)."""
    if name.endswith("running_mean") or name.endswith("bias"):
        return 0, 0.25
    if len(shape) in (2, 4):
        reach = math.sqrt(6 / math.prod(shape[1:]))
        # A saturated gate amplifies rounding errors: PyTorch itself is then 8 % off in float32.
        return 0, reach / 4 if len(shape) == 4 and name.endswith((".fc1.weight", ".fc2.weight")) else reach
    return 1, 0.5


def images(shape):
    """[N, C, H, W]: fine noise over cells of 16×16 pixels, so that images differ in more than their noise."""
    n, c, h, w = shape
    fine = even("images", np.arange(math.prod(shape), dtype=np.uint32)).reshape(shape)
    rows, columns = -(-h // CELL), -(-w // CELL)
    coarse = even("cells", np.arange(n * c * rows * columns, dtype=np.uint32)).reshape(n, c, rows, columns)
    spread_out = coarse.repeat(CELL, axis=2)[:, :, :h].repeat(CELL, axis=3)[:, :, :, :w]
    return (1.25 * (fine + spread_out)).astype(np.float32)


def targets(count, classes):
    """The class of each image."""
    return hashed("targets", np.arange(count, dtype=np.uint32)) % np.uint32(classes)


def checksum(values):
    """The Euclidean norm and projections on vectors of ±1. Two tensors have close checksums only if they are close."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    words = hashed("projections", np.arange(flat.size, dtype=np.uint32))
    signs = ((words >> np.uint32(bit)) & np.uint32(1) for bit in range(PROJECTIONS))
    sums = [math.sqrt(np.dot(flat, flat)), *(np.dot(flat, 1 - 2 * sign.astype(np.float64)) for sign in signs)]
    return [float(f"{value:.9g}") for value in sums]
