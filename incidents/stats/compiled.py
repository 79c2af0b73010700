"""Compiling plain loops to machine code, cached on disk where a folder can be written."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function on its first call; the result is kept beside the source, or in the user's cache.

    Where neither can be written (a read-only image without a home), it is compiled anew in each process; set
    NUMBA_CACHE_DIR to avoid that.

    Examples
    --------
    >>> @compiled
    ... def double(x):
    ...     return 2.0 * x
    >>> double(1.5)
    3.0
    """
    try:
        made = njit(function, cache=True)
    except RuntimeError:  # no folder for the cache
        made = njit(function)
    return made  # type: ignore[no-any-return]
