"""Compiling plain loops to machine code, cached on disk where a folder can be written."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
from numba import njit
from numba.core import caching

Function = TypeVar("Function", bound=Callable[..., Any])
# What lets a loop of sums run in vector registers. NaN and infinity keep their meaning.
_REORDER = {"reassoc", "contract", "nsz", "arcp"}


@lru_cache
def _stamp(folder: Path) -> bytes:
    """Return a digest of all compiled sources of a folder: compiled code holds a copy of what it calls."""
    sources = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(source for source in sources if b"@compiled" in source)).digest()


class _Stamped:
    """A place for compiled code that is stale once any compiled source beside it has changed."""

    _py_file: str

    def get_source_stamp(self) -> bytes:
        """Return what the cached code must have been made from; Numba itself looks at one file only."""
        return _stamp(Path(self._py_file).parent)


class ChosenFolder(_Stamped, caching.UserProvidedCacheLocator):
    """The folder that NUMBA_CACHE_DIR names."""


class BesideSource(_Stamped, caching.InTreeCacheLocator):
    """The folder beside the source, where it can be written."""


class UserFolder(_Stamped, caching.UserWideCacheLocator):
    """The user's cache folder."""


_PLACES = ",".join(f"{__name__}.{place.__name__}" for place in (ChosenFolder, BesideSource, UserFolder))
numba.config.CACHE_LOCATOR_CLASSES = _PLACES  # type: ignore[attr-defined]


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
