#!/usr/bin/env python3
"""The bootstrap: makes .venv, installs and builds what has changed, then becomes the `thor` command.

Standard library only. What it does is described by the steps at the end of this file; each runs only when the content
of its inputs has changed since it last succeeded (stamps lie in .venv, so deleting .venv starts anew). Whatever is
missing is said in one sentence, with exit status 1.
"""
# Paths are strings and imports lie inside functions: pathlib, shutil and subprocess would cost every start 50 ms.
# ruff: noqa: PLC0415, PTH100, PTH103, PTH105, PTH110, PTH111, PTH112, PTH116, PTH118, PTH120, PTH123, PTH207

from __future__ import annotations

import os
import sys

OLDEST_PYTHON = (3, 11)
if sys.version_info < OLDEST_PYTHON:
    sys.stderr.write(f"thor: Python 3.11 or newer is needed, this is {sys.version.split()[0]} ({sys.executable}).\n")
    sys.exit(1)

import contextlib  # noqa: E402 - an old Python must reach the sentence above
import hashlib  # noqa: E402
import json  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402

TYPE_CHECKING = False  # typing itself would cost every start 10 ms
if TYPE_CHECKING:
    import subprocess

WINDOWS = sys.platform == "win32"
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if WINDOWS else "bin")
PYTHON = os.path.join(BIN, "python.exe" if WINDOWS else "python")
STAMPS = os.path.join(VENV, "thor-stamps.json")
LOGS = os.path.join(VENV, "thor-logs")
DASHBOARD = os.path.join(ROOT, "thor_web", "dashboard", "index.html")
NODE_MODULES = os.path.join(ROOT, "frontend", "node_modules", ".package-lock.json")
OLDEST_NODE = (20, 19)
OLDEST_RUST = (1, 88)
CORE_INPUTS = ("src", "python", "Cargo.toml", "Cargo.lock", "pyproject.toml")
PROFILES = {"test": "dev", "check": "dev", "bench": "bench"}
LOCKS = {"server": ["server"], "dev": ["server", "dev"], "bench": ["server", "dev", "bench"]}
UNSEEN_FOLDERS = {"node_modules", "target", "__pycache__", "dist"}
ONE_PIP = threading.Lock()
RUNNING: set[subprocess.Popen[bytes]] = set()
TOOLS_READY = threading.Event()
STOPPING = threading.Event()
NETWORK_WORDS = (
    "error sending request",
    "failed to fetch",
    "dns error",
    "failed to lookup address",
    "could not resolve host",
    "name resolution",
    "network is unreachable",
    "newconnectionerror",
    "enotfound",
    "eai_again",
    "econnrefused",
    "etimedout",
)


class Missing(Exception):  # noqa: N818 - it names a state, not a mistake
    """What a person has to mend, in one sentence; `lines` are shown above it."""

    def __init__(self, sentence: str, lines: list[str] | None = None) -> None:
        super().__init__(sentence)
        self.lines = lines or []


def say(text: str) -> None:
    sys.stderr.write(f"thor: {text}\n")
    sys.stderr.flush()


# --- what has changed ---------------------------------------------------------------------------------------------


def files_below(path: str) -> Iterator[str]:
    """Every file of a folder that could matter to a build, in a stable order; a file is itself."""
    if not os.path.isdir(path):
        if os.path.exists(path):
            yield path
        return
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in UNSEEN_FOLDERS:
                yield from files_below(entry.path)
        elif not entry.name.endswith((".so", ".pyd", ".pyc", ".tsbuildinfo")):
            yield entry.path


class Step:
    """One piece of work: its inputs, the file it must leave behind, and how it is done."""

    def __init__(self, name: str, inputs: list[str], work: Callable[[], None], leaves: str = PYTHON) -> None:
        self.name = name
        self.inputs = [os.path.join(ROOT, path) for path in inputs]
        self.work = work
        self.leaves = leaves

    def glance(self) -> str:
        """A fast fingerprint by names, sizes and times. Equal means unchanged."""
        digest = hashlib.blake2b(PYTHON.encode(), digest_size=16)
        for top in self.inputs:
            for path in files_below(top):
                found = os.stat(path)
                digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def content(self) -> str:
        """The fingerprint that counts: a new checkout of the same files is no change."""
        digest = hashlib.blake2b(self.name.encode(), digest_size=16)
        for top in self.inputs:
            for path in files_below(top):
                with open(path, "rb") as file:
                    data = file.read()
                digest.update(f"{os.path.relpath(path, ROOT)}\0{len(data)}\n".encode() + data)
        return digest.hexdigest()

    def is_done(self, stamps: dict[str, dict[str, str]]) -> bool:
        """Whether there is nothing to do. Refreshes the glance where only times have changed."""
        stamp = stamps.get(self.name)
        if stamp is None or not os.path.exists(self.leaves):
            return False
        glance = self.glance()
        if stamp["glance"] == glance:
            return True
        if stamp["content"] != self.content():
            return False
        stamp["glance"] = glance
        return True


def read_stamps() -> dict[str, dict[str, str]]:
    try:
        with open(STAMPS, encoding="utf-8") as file:
            stamps: dict[str, dict[str, str]] = json.load(file)
            return stamps
    except (OSError, ValueError):
        return {}


def write_stamps(stamps: dict[str, dict[str, str]]) -> None:
    with open(STAMPS + ".new", "w", encoding="utf-8") as file:
        json.dump(stamps, file, indent=1)
    os.replace(STAMPS + ".new", STAMPS)


@contextlib.contextmanager
def installing_alone() -> Iterator[None]:
    """One bootstrap at a time; the others wait. The system lets go of the lock however we end."""
    os.makedirs(VENV, exist_ok=True)
    with open(os.path.join(VENV, "thor-lock"), "a+b") as file:
        if WINDOWS:
            import msvcrt

            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined, unused-ignore]
                    break
                except OSError:
                    continue  # it gives up every ten seconds
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another ./thor is installing here; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- running tools ------------------------------------------------------------------------------------------------


def tool_environment() -> dict[str, str]:
    return {
        **os.environ,
        "VIRTUAL_ENV": VENV,
        "PATH": BIN + os.pathsep + os.environ.get("PATH", "") + os.pathsep + os.path.expanduser("~/.cargo/bin"),
        "MATURIN_NO_INSTALL_RUST": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_PROGRESS": "1",
        "PIP_RETRIES": "2",
        "CARGO_TERM_PROGRESS_WHEN": "never",
        "npm_config_fetch_retries": "2",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_maxtimeout": "5000",
        "npm_config_update_notifier": "false",
    }


def find_tool(name: str) -> str | None:
    import shutil

    return shutil.which(name, path=tool_environment()["PATH"])


def run(log_name: str, argv: list[str], failure: str, *, folder: str = ROOT) -> None:
    """Run a tool with its output in a log. Raises Missing with the log's last lines when it fails."""
    import subprocess

    os.makedirs(LOGS, exist_ok=True)
    log_path = os.path.join(LOGS, f"{log_name}.log")
    with open(log_path, "ab") as log:
        start = log.tell()
        if STOPPING.is_set():
            raise Missing(f"{failure}: it was stopped.")
        log.write((" ".join(argv) + "\n").encode())
        log.flush()
        try:
            tool = subprocess.Popen(
                argv,
                cwd=folder,
                env=tool_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=not WINDOWS,
            )
        except OSError as error:
            raise Missing(f"{failure}: {argv[0]}: {error.strerror}.") from error
        RUNNING.add(tool)
        if STOPPING.is_set():  # it began while the others were being ended
            stop_tools()
        try:
            status = tool.wait()
        except BaseException:
            stop_tools()
            raise
        finally:
            RUNNING.discard(tool)
    if status == 0:
        return
    with open(log_path, "rb") as log:
        log.seek(start)
        text = log.read().decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "error" in line.lower()), len(lines) - 12)
    lines = lines[max(first, 0) :][:12]
    if any(word in text.lower() for word in NETWORK_WORDS):
        raise Missing(f"{failure}, because a package registry cannot be reached: is there a network?", lines[-3:])
    raise Missing(f"{failure}; the whole log is {os.path.relpath(log_path, ROOT)}.", lines)


def stop_tools() -> None:
    """End every tool that still runs, with all it started: one left alone would go on changing what we build."""
    import signal

    STOPPING.set()
    for tool in list(RUNNING):
        with contextlib.suppress(OSError):
            if WINDOWS:
                tool.kill()
            else:
                os.killpg(tool.pid, signal.SIGKILL)


def version_of(argv: list[str]) -> tuple[int, ...]:
    """The first dotted number that a tool prints; empty where it does not run."""
    import re
    import subprocess

    try:
        text = subprocess.run(argv, capture_output=True, text=True, check=False, env=tool_environment()).stdout
    except OSError:
        return ()
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in found.groups("0")) if found else ()


# --- the steps ----------------------------------------------------------------------------------------------------


def install(log_name: str, arguments: list[str], failure: str) -> None:
    """Install with uv; with pip where uv cannot be used (it knows nothing of pip's configuration)."""
    uv = os.path.join(BIN, "uv.exe" if WINDOWS else "uv")
    if os.path.exists(uv):
        try:
            # Compiled now, once: pip does so too, and a start would otherwise take seconds longer.
            run(log_name, [uv, "pip", "install", "--compile-bytecode", "--python", PYTHON, *arguments], failure)
        except Missing:
            if STOPPING.is_set():
                raise
            say(f"uv could not install ({log_name}); trying pip")
        else:
            return
    with ONE_PIP:
        run(log_name, [PYTHON, "-m", "pip", "install", *arguments], failure)


def lock_files(*names: str) -> list[str]:
    arguments = ["--require-hashes"]
    for name in names:
        arguments += ["-r", os.path.join(ROOT, "requirements", f"{name}.txt")]
    return arguments


def make_environment() -> None:
    """The virtual environment, with uv and the build tools in it."""
    if not os.path.exists(PYTHON):
        failure = "Python cannot make a virtual environment (on Debian: apt-get install python3-venv)"
        run("venv", [sys.executable, "-m", "venv", VENV], failure)
    with contextlib.suppress(Missing):  # without uv everything is done by pip
        run("tools", [PYTHON, "-m", "pip", "install", *lock_files("bootstrap")], "uv could not be installed")
    install("tools", lock_files("build"), "The build tools could not be installed")


def install_packages(profile: str) -> None:
    install("packages", lock_files(*LOCKS[profile]), "The Python packages could not be installed")


def install_project() -> None:
    """The project itself, editable: its files are used where they lie."""
    arguments = ["--no-deps", "--no-build-isolation", "-e", ROOT]
    install("project", arguments, "Thor itself could not be installed")


def require_rust() -> None:
    """Raise Missing unless a Rust that is new enough and a linker are there."""
    wanted = ".".join(map(str, OLDEST_RUST))
    cargo = find_tool("cargo")
    if cargo is None:
        raise Missing(f"cargo is missing: install Rust {wanted} or newer (rustup) and run ./thor again.")
    found = version_of([cargo, "--version"])
    if found and found[:2] < OLDEST_RUST:
        raise Missing(f"Rust {wanted} or newer is needed, this is {found[0]}.{found[1]}: update it (rustup update).")
    if not WINDOWS and not any(find_tool(name) for name in ("cc", "gcc", "clang")):
        raise Missing("A C compiler is missing, which Rust needs to link: install gcc or clang.")


def build_core() -> None:
    import glob
    import shutil

    require_rust()
    wheels = os.path.join(VENV, "thor-wheels")
    shutil.rmtree(wheels, ignore_errors=True)
    maturin = os.path.join(BIN, "maturin.exe" if WINDOWS else "maturin")
    argv = [maturin, "build", "--release", "--locked", "--out", wheels, "--interpreter", PYTHON]
    run("core", argv, "The Rust core could not be built", folder=os.path.join(ROOT, "thor_fast"))
    built = glob.glob(os.path.join(wheels, "*.whl"))
    again = ["--no-deps", "--no-index", "--force-reinstall", *built]
    install("core", again, "The Rust core could not be installed")


def find_node() -> tuple[str, str] | None:
    """A Node that is new enough, and its npm."""
    node, npm = find_tool("node"), find_tool("npm")
    if node and npm and version_of([node, "--version"])[:2] >= OLDEST_NODE:
        return node, npm
    return None


def npm_command() -> str:
    """npm of this machine, or of the packaged Node that is installed where there is none."""
    if found := find_node():
        return found[1]
    TOOLS_READY.wait()
    install("node", lock_files("node"), "Node is missing and could not be installed")
    if found := find_node():
        return found[1]
    raise Missing("Node 20.19 or newer is missing and its package does not run here: install Node.")


def install_node_modules() -> None:
    run("dashboard", [npm_command(), "ci"], "The dashboard's packages could not be installed",
        folder=os.path.join(ROOT, "frontend"))  # fmt: skip


def build_dashboard() -> None:
    run("dashboard", [npm_command(), "run", "build"], "The dashboard could not be built",
        folder=os.path.join(ROOT, "frontend"))  # fmt: skip


def steps_for(profile: str) -> list[list[Step]]:
    """Lines of steps. Lines run side by side, once the first has run; the steps of a line one after the other."""
    locks = [f"requirements/{name}.txt" for name in LOCKS[profile]]
    frontend = [f"frontend/{name}" for name in ("src", "public", "index.html", "vite.config.ts", "package-lock.json")]
    frontend += [f"frontend/tsconfig{name}.json" for name in ("", ".app", ".base", ".node")]
    node_modules = Step(
        "node modules", ["frontend/package.json", "frontend/package-lock.json"], install_node_modules, NODE_MODULES
    )
    dashboard = Step("dashboard", frontend, build_dashboard, DASHBOARD)
    return [
        [Step("tools", ["requirements/bootstrap.txt", "requirements/build.txt"], make_environment)],
        [Step("core", [f"thor_fast/{name}" for name in CORE_INPUTS], build_core)],
        [
            Step(f"packages for {profile}", locks, lambda: install_packages(profile)),
            Step("project", ["pyproject.toml"], install_project),
        ],
        [node_modules, dashboard],
    ]


def carry_out(lines: list[list[Step]], stamps: dict[str, dict[str, str]]) -> None:
    """Do what is to be done, side by side where one does not need the other. Raises the first Missing."""
    faults: list[BaseException] = []
    writing = threading.Lock()

    def do(line: list[Step]) -> None:
        try:
            for step in line:
                if faults or step.is_done(stamps):
                    continue
                say(f"{step.name} ...")
                started = time.monotonic()
                content = step.content()
                step.work()
                with writing:
                    stamps[step.name] = {"content": content, "glance": step.glance()}
                    write_stamps(stamps)
                say(f"{step.name} done in {time.monotonic() - started:.0f} s")
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            faults.append(error)
            stop_tools()

    first, *others = lines
    dashboard_line = threading.Thread(target=do, args=(others.pop(),))
    dashboard_line.start()  # needs nothing of Python where there is a Node
    do(first)
    TOOLS_READY.set()
    threads = [threading.Thread(target=do, args=(line,)) for line in others]
    for thread in threads:
        thread.start()
    for thread in (*threads, dashboard_line):
        thread.join()
    if faults:
        raise faults[0]


def prepare(profile: str) -> None:
    """Bring .venv and the dashboard to what the files say. Does nothing, quickly, when they already are."""
    lines = steps_for(profile)
    stamps = read_stamps()
    before = json.dumps(stamps)
    needed = [step for line in lines for step in line if not step.is_done(stamps)]
    if profile == "server" and [step.name for step in needed] == ["node modules"]:
        needed = []  # the dashboard is built already; only work on it needs them
    if not needed:
        if json.dumps(stamps) != before:
            with contextlib.suppress(OSError):
                write_stamps(stamps)
        return
    if any(step.name == "core" for step in needed):
        require_rust()
    with installing_alone():
        stamps = read_stamps()  # the one we waited for may have done it all
        carry_out(lines, stamps)


def forward(arguments: list[str]) -> int:
    """Become the `thor` command."""
    if "THOR_STATE" not in os.environ and not any(word.partition("=")[0] == "--state" for word in arguments):
        os.environ["THOR_STATE"] = os.path.join(ROOT, ".thor")
    os.environ["PATH"] = BIN + os.pathsep + os.environ.get("PATH", "")
    argv = [PYTHON, "-P", "-m", "thor_web.cli.main", *arguments]
    if not WINDOWS:
        os.execv(PYTHON, argv)  # which also gives every signal its own meaning back
    import subprocess

    return subprocess.run(argv, check=False).returncode


def main() -> int:
    import signal

    arguments = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended as by Ctrl-C: no tool is left behind
    try:
        prepare(PROFILES.get(arguments[0], "server") if arguments else "server")
        return forward(arguments)
    except Missing as missing:
        for line in missing.lines:
            sys.stderr.write(f"  {line}\n")
        say(str(missing))
    except OSError as error:
        say(f"{error.filename or 'the system'}: {error.strerror}.")
    except KeyboardInterrupt:
        stop_tools()
        say("stopped.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
