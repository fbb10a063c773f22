"""How loops are compiled by numba. Loops that call each other stand in one file: numba's cache notices changes only in
the file that a loop stands in."""

from numba import njit, types


def read(item, dimensions=1):
    """An array argument that a kernel only reads."""
    return types.Array(item, dimensions, "C", readonly=True)


def write(item, dimensions=1):
    """An array argument that a kernel writes to."""
    return types.Array(item, dimensions, "C")


def kernel(*arguments):
    """Compiled once for these types, or taken from numba's cache, when its file is imported."""
    return njit(arguments, cache=True, nogil=True, error_model="numpy")


inner = njit(nogil=True, error_model="numpy", forceinline=True)
part = njit(nogil=True, error_model="numpy")
"""Of a kernel: one that LLVM must put in its place, and one that it may."""
