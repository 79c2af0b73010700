"""Compiling plain loops to machine code, cached on disk where a folder can be written."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
# What lets a loop of sums run in vector registers. NaN and infinity keep their meaning.
_REORDER = {"reassoc", "contract", "nsz", "arcp"}


@overload
def compiled(function: Function) -> Function: ...
@overload
def compiled(*, reorder: bool) -> Callable[[Function], Function]: ...
def compiled(function: Function | None = None, *, reorder: bool = False) -> Any:
    """Compile a function on its first call; the result is kept beside the source, or in the user's cache.

    Where neither can be written (a read-only image without a home), it is compiled anew in each process; set
    NUMBA_CACHE_DIR to avoid that. With `reorder`, sums may be taken in another order, which is faster and differs in
    the last digits; on one machine the answer is always the same.

    Examples
    --------
    >>> @compiled
    ... def double(x):
    ...     return 2.0 * x
    >>> double(1.5)
    3.0
    """

    def make(plain: Function) -> Any:
        allowed = _REORDER if reorder else False
        try:
            return njit(plain, cache=True, fastmath=allowed)
        except RuntimeError:  # no folder for the cache
            return njit(plain, fastmath=allowed)

    return make if function is None else make(function)
