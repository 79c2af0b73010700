"""Compiling plain loops to machine code on their first call, cached on disk where a folder can be written.

Numba and its compiler weigh 80 MB: they are loaded by the first call, so that a process that never computes stays
small.
"""

import hashlib
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, overload

Function = TypeVar("Function", bound=Callable[..., Any])
# What lets a loop of sums run in vector registers. NaN and infinity keep their meaning.
_REORDER = {"reassoc", "contract", "nsz", "arcp"}
_waiting: "list[_Loop]" = []
_making = threading.Lock()


@lru_cache
def _stamp(folder: Path) -> bytes:
    """Return a digest of all compiled sources of a folder: compiled code holds a copy of what it calls."""
    sources = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(source for source in sources if b"@compiled" in source)).digest()


class _Loop:
    """A loop until its first call; afterwards it passes calls on."""

    def __init__(self, plain: Callable[..., Any], reorder: bool) -> None:
        self.plain, self.reorder = plain, reorder
        self.made: Callable[..., Any] | None = None
        self.__doc__, self.__name__, self.__wrapped__ = plain.__doc__, plain.__name__, plain
        _waiting.append(self)

    def __call__(self, *arguments: Any) -> Any:
        if self.made is None:
            _make_all()
        return self.made(*arguments)  # type: ignore[misc]

    @property
    def signatures(self) -> list[Any]:
        """The kinds of arguments for which it is compiled."""
        return list(getattr(self.made, "signatures", ()))


def _make_all() -> None:
    """Hand all loops that wait to Numba; where one calls another, it is to find the compiled one."""
    with _making:
        njit = _numba()
        known = {}
        while _waiting:
            loop = _waiting.pop()
            allowed = _REORDER if loop.reorder else False
            try:
                made = njit(loop.plain, cache=True, fastmath=allowed, error_model="numpy")
            except RuntimeError:  # no folder for the cache
                made = njit(loop.plain, fastmath=allowed, error_model="numpy")
            known[loop] = made
        for loop in known:
            names = loop.plain.__globals__
            names.update({name: _made(value, known) for name, value in names.items() if isinstance(value, _Loop)})
        for loop, made in known.items():
            loop.made = made


def _made(loop: _Loop, known: dict[_Loop, Callable[..., Any]]) -> Any:
    return known.get(loop) or loop.made or loop


@lru_cache(maxsize=1)
def _numba() -> Callable[..., Any]:
    """Load Numba, and let compiled code be stale once any compiled source beside it has changed."""
    import numba  # heavy, see above
    from numba.core import caching

    def stamped(place: Any) -> Any:
        return type(place.__name__, (place,), {"get_source_stamp": lambda own: _stamp(Path(own._py_file).parent)})

    caching.CacheImpl._locator_classes = [
        stamped(place)
        for place in (caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator)
    ]
    return numba.njit


@overload
def compiled(function: Function) -> Function: ...
@overload
def compiled(*, reorder: bool) -> Callable[[Function], Function]: ...
def compiled(function: Function | None = None, *, reorder: bool = False) -> Any:
    """Compile a function on its first call; the result is kept beside the source, or in the user's cache.

    Where neither can be written (a read-only image without a home), it is compiled anew in each process; set
    NUMBA_CACHE_DIR to avoid that. With `reorder`, sums may be taken in another order, which is faster and differs in
    the last digits; on one machine the answer is always the same. Division by zero gives infinity, as in NumPy: a check
    for it would keep every loop that divides out of the vector registers.

    Examples
    --------
    >>> @compiled
    ... def double(x):
    ...     return 2.0 * x
    >>> double(1.5)
    3.0
    """
    if function is None:
        return lambda plain: _Loop(plain, reorder)
    return _Loop(function, reorder)
