"""Who a child runs as. PostgreSQL refuses to run as root, so root's child becomes somebody without rights."""

import ctypes
import os
import pwd
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.embedded.errors import EmbeddedError

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
# Loaded before any fork: the child between fork and exec should do as little as possible.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The user a child runs as: nobody itself, or, in a user namespace, root seen as nobody."""

    uid: int
    gid: int
    in_namespace: bool

    def owner(self) -> tuple[int, int]:
        """Return the user and group, seen from outside, that must own the child's files."""
        return (os.getuid(), os.getgid()) if self.in_namespace else (self.uid, self.gid)

    def assume(self) -> None:
        """Become this user for good; to be called in a forked child alone."""
        if self.in_namespace:
            _enter_user_namespace(self.uid, self.gid)
            return
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


def unprivileged(*, programs: Iterable[Path], folders: Iterable[Path]) -> Identity | None:
    """Return whom a server started by root becomes; None where this process is an ordinary user already.

    The user nobody is preferred; where it cannot reach a program or a folder (a home that is closed to others),
    a user namespace lets the server run without rights over files that stay root's. No folder's mode is changed.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
        uid, gid = entry.pw_uid, entry.pw_gid
    except KeyError:
        uid, gid = 65534, 65534
    nobody = Identity(uid=uid, gid=gid, in_namespace=False)
    programs, folders = list(programs), list(folders)
    if _succeeds(lambda: _reaches(nobody, programs, folders)):
        return nobody
    namespaced = Identity(uid=uid, gid=gid, in_namespace=True)
    if sys.platform == "linux" and _succeeds(lambda: _reaches(namespaced, programs, folders)):
        return namespaced
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {programs[0]} and {folders[0]}: "
        "keep the checkout and WORKBENCH_HOME in folders that others may enter (for example below /srv), "
        "run `make up` as an ordinary user, or set DATABASE_URL."
    )


def child_setup(identity: Identity | None, death_signal: int) -> Callable[[], None]:
    """Return what a child does between fork and exec: take its identity and end with its parent (on Linux)."""
    parent = os.getpid()

    def prepare() -> None:
        if identity is not None:
            identity.assume()
        os.umask(0o077)
        if sys.platform == "linux":
            # After the change of user, which clears it. Elsewhere the next start finds and stops what is left.
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def _enter_user_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1", encoding="ascii")


def _reaches(identity: Identity, programs: list[Path], folders: list[Path]) -> bool:
    identity.assume()
    return all(os.access(program, os.X_OK) for program in programs) and all(
        os.access(folder, os.X_OK) for folder in folders
    )


def _succeeds(question: Callable[[], bool]) -> bool:
    """Ask in a forked child, since an identity once taken is not given back."""
    pid = os.fork()
    if pid == 0:
        answer = False
        try:
            answer = question()
        except OSError:
            answer = False
        finally:
            os._exit(0 if answer else 1)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0
