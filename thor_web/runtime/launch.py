"""The last step before a supervised program: lower the rights, tie its life to the parent's, then become the program.

Run by path as its own short process (`python -I -S launch.py ... -- PROGRAM ARGS`), because between fork and exec
nothing of Python is safe. It therefore imports nothing of Thor and nothing heavy. POSIX only.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["command"]

CLONE_NEWUSER: Final = 0x10000000
PR_SET_PDEATHSIG: Final = 1
INNER_ID: Final = 1000
"""Any id but 0: Postgres only refuses to be root."""


def command(
    argv: Sequence[str],
    *,
    death_signal: int,
    unprivileged: bool = False,
    owned: Sequence[str | Path] = (),
) -> list[str]:
    """The command that runs `argv` through this file.

    The program receives `death_signal` when this process dies (Linux). With `unprivileged` it does not run as root:
    root becomes another user, who is made owner of the folders `owned`.
    """
    options = [f"--parent={os.getpid()}", f"--death-signal={death_signal}"]
    if unprivileged:
        options.append("--unprivileged")
        options.extend(f"--own={folder}" for folder in owned)
    return [sys.executable, "-I", "-S", __file__, *options, "--", *argv]


def _libc_call(name: str, *arguments: int) -> None:
    import ctypes  # noqa: PLC0415 - who only asks for the command does not load it

    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _own(folders: Sequence[str], uid: int, gid: int) -> None:
    for folder in folders:
        if not Path(folder).exists() or Path(folder).stat().st_uid == uid:
            continue
        for parent, _, names in os.walk(folder):
            for path in (parent, *(f"{parent}/{name}" for name in names)):
                os.chown(path, uid, gid, follow_symlinks=False)


def _enter_namespace() -> None:
    """Become the only user of a new user namespace, where root outside is a plain user inside. Needs no account."""
    uid, gid = os.getuid(), os.getgid()
    _libc_call("unshare", CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INNER_ID} {uid} 1"),
        ("gid_map", f"{INNER_ID} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _become_plain_user(folders: Sequence[str]) -> None:
    """Where namespaces are forbidden (many containers): give the folders to a plain account and become it."""
    import pwd  # noqa: PLC0415

    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        _own(folders, account.pw_uid, account.pw_gid)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        return
    raise PermissionError("there is no account `postgres` or `nobody` to run it as")


def _drop_root(folders: Sequence[str]) -> None:
    if os.getuid() != 0:
        return
    try:
        _enter_namespace()
    except (OSError, AttributeError):
        _become_plain_user(folders)
    else:
        _own(folders, os.getuid(), os.getgid())


def _tie_to_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal when the parent dies; a change of user clears the request, so this comes after it."""
    if not sys.platform.startswith("linux"):
        return
    _libc_call("prctl", PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before the request: no signal will come


def main(arguments: Sequence[str]) -> None:
    """Carry out the options and exec. Ends with status 126 and one sentence when the program cannot be run."""
    split = arguments.index("--")
    program = list(arguments[split + 1 :])
    options = [argument.partition("=") for argument in arguments[:split]]
    values = {name: value for name, _, value in options}
    # Loaded while it can be read: another account may not reach this interpreter's library.
    import ctypes  # noqa: F401, PLC0415

    try:
        if "--unprivileged" in values:
            _drop_root([value for name, _, value in options if name == "--own"])
        _tie_to_parent(int(values["--parent"]), int(values["--death-signal"]))
        os.execvp(program[0], program)  # noqa: S606 - a shell is what must not be there
    except OSError as error:
        sys.stderr.write(f"{program[0]} cannot be run: {error.strerror or error}.\n")
        sys.exit(126)


if __name__ == "__main__":
    main(sys.argv[1:])
