"""Warm kernels, seen from the grader: start the nursery, get a kernel in milliseconds, never wait without need.

`Nursery` starts the process that kernels are forked from, behind the best wall that works here. `WarmKernel` has the
face of nbval's `RunningKernel`, so that nbval's items drive it unchanged. `WarmProvisioner` offers the same kernels to
every program that uses jupyter_client: `JUPYTER_DEFAULT_PROVISIONER_NAME=course-warm`.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_client.session import Session
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel

from course_lib.checks import probe
from course_lib.checks.bare import top_levels
from course_lib.grading import sandbox
from course_lib.grading.sandbox import Walls

START_SECONDS = 60.0
MESSAGE_BYTES = 48 * 2**20
CELL_BYTES = 96 * 2**20
UNREAD_BYTES = 2**29  # a message of many frames is kept by ZeroMQ until it is whole, however long it gets
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "hb_port": 4, "control_port": 5}
_counter = itertools.count()


class KernelDied(RuntimeError):
    """The kernel ended by itself, or was ended because it used too much."""


@lru_cache(maxsize=4096)
def _slow_hash(text: str) -> int:
    """Hashed, so that nobody in the kernel learns the seed, and slowly, so that trying many takes too long."""
    return int.from_bytes(hashlib.pbkdf2_hmac("sha256", text.encode(), b"course", 20_000)[:4], "big")


def seeding(seed: int, exercise_id: str) -> str:
    """Code that makes unseeded randomness in the kernel repeatable: the same for the same grading seed and exercise."""
    number = _slow_hash(f"{seed} {exercise_id}")
    return (
        "import sys as _sys, random as _random, numpy as _np\n"
        f"_random.seed({number}); _np.random.seed({number})\n"
        f"if 'torch' in _sys.modules: _sys.modules['torch'].manual_seed({number})"
    )


@dataclass(frozen=True)
class Kernels:
    """How kernels are started: plain data, so that it can go to other processes."""

    folder: str
    level: str
    bare: Kernels | None = None

    def start(self, bare: bool = False, modules: tuple[str, ...] = ()) -> RunningKernel:
        """A fresh kernel, ready to run cells; a bare one has NumPy and the standard library only.

        `modules` are those that its cells will import: the nursery loads them once for all.
        """
        if self.level == "cold":
            return self.start_cold(bare)
        if bare and self.bare is not None:
            return self.bare.start(modules=modules)
        for pause in (0.2, 1.0, 3.0):  # a machine that is full for a moment is no learner's fault
            try:
                return WarmKernel(self, modules)
            except (KernelDied, OSError):
                time.sleep(pause)
        return WarmKernel(self, modules)

    def start_cold(self, bare: bool) -> RunningKernel:
        """A kernel as nbval starts it, for systems that cannot fork: slow and without walls."""
        home = Path(self.folder) / "k" / f"{os.getpid()}-{next(_counter)}"
        home.mkdir()
        os.environ.update({"COURSE_GRADING": "1", "MPLBACKEND": "agg", **dict.fromkeys(ONE_THREAD, "1")})
        kernel = ColdKernel(CURRENT_ENV_KERNEL_NAME, cwd=str(home))
        lines = (
            "from course_lib.checks import bare\nfrom course_lib.grading import inside\ninside.prepare(get_ipython())"
        )
        if bare:
            lines += f"\nbare.take_away({sorted(top_levels())!r})"
        kernel.await_reply(kernel.execute_cell_input(lines, False), timeout=START_SECONDS)
        return kernel

    def request(self, modules: tuple[str, ...] = ()) -> tuple[socket.socket, dict[str, Any], Path]:
        """Ask the nursery for a kernel: the connection that holds its life, what it was told, its folder here."""
        number = f"{os.getpid()}-{next(_counter)}"
        mine = Path(self.folder) / "k" / number
        mine.mkdir()
        info = {**self.info(mine, secrets.token_hex(16)), "modules": list(modules)}
        connection = self.connect(info)
        return connection, {**info, "ip": str(mine / "s")}, mine

    def info(self, mine: Path, key: str) -> dict[str, Any]:
        """What a kernel must know: where its sockets go as it sees the folder `mine`, and the key of its messages."""
        inside = self.level in ("bubblewrap", "namespaces")
        if not inside:
            (mine / "home").mkdir()
        ip = f"{sandbox.SOCKETS}/s" if inside else str(mine / "s")
        return {"number": mine.name, "home": str(mine / "home"), "key": key, "transport": "ipc", "ip": ip, **PORTS}

    def connect(self, info: dict[str, Any]) -> socket.socket:
        """One connection is one kernel: closing it ends the kernel."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(START_SECONDS)
        try:
            connection.connect(f"{self.folder}/nursery")
            connection.sendall(json.dumps(info).encode() + b"\n")
            said = connection.recv(600)
        except OSError:
            connection.close()
            raise
        if said != b"ready\n":
            connection.close()
            raise KernelDied(f"no kernel: {said.decode(errors='replace').strip() or 'the nursery is gone'}")
        connection.setblocking(False)
        return connection


class Nursery:
    """The process that kernels are forked from; use it with `with`, it leaves nothing behind."""

    def __init__(
        self,
        mode: str = "best",
        modules: tuple[str, ...] = (),
        extra: tuple[str, ...] = (),
        course: str = "",
        bare: bool = False,
        wait: bool = True,
    ) -> None:
        self.bare, self.mode, self.modules = bare, mode, modules
        sweep(Path(_short_folder()))
        self.folder = Path(tempfile.mkdtemp(prefix=f"cg-{os.getpid()}-", dir=_short_folder()))
        self.folder.chmod(0o711)
        self.process: subprocess.Popen[bytes] | None = None
        self.life: socket.socket | None = None
        self.cpu_seconds = 0.0  # of the nursery and all its kernels; known when it has ended
        try:
            (self.folder / "k").mkdir(mode=0o711)
            if os.name != "posix":
                self.walls = Walls("off", str(self.folder), "", "", extra)
                self.fallen = ("this system cannot fork kernels",)
                if mode == "required":
                    raise OSError("--sandbox required: this system has no walls; grade on Linux")
                self.ready()
                return
            package = sandbox.public_copy(self.folder, bare)
            absent = sandbox.not_in(top_levels()) if bare else ()
            sandbox.write_names(self.folder)
            real = str(Path(__file__).resolve().parents[1])
            self.fallen: tuple[str, ...] = ()  # levels that were tried before and why they do not work here
            self.levels = sandbox.candidates(mode)
            self.walls = Walls(self.levels[0], str(self.folder), str(package), real, extra, course, absent)
            self._spawn()
            if wait:
                self.ready()
        except BaseException:
            self.close()
            raise

    def ready(self) -> Nursery:
        """Wait until it works, behind the best walls that do; OSError when none of them does."""
        while os.name == "posix" and (told := self._trial()):
            self.fallen += (f"{self.walls.level}: {told}",)
            if len(self.fallen) == len(self.levels):
                self.close()
                raise OSError(f"--sandbox {self.mode}: nothing of it works on this machine ({'; '.join(self.fallen)})")
            self.walls = replace(self.walls, level=self.levels[len(self.fallen)])
            self._spawn()
        self.kernels = Kernels(str(self.folder), "cold" if os.name != "posix" else self.walls.level)
        return self

    @property
    def protection(self) -> str:
        """A sentence on the walls that are in force."""
        return sandbox.SENTENCES[self.walls.level]

    def look(self) -> None:
        """Start the nursery again when something has ended it."""
        if self.process is not None and self.process.poll() is not None:
            self._stop()
            self._spawn()
            self._trial()

    def _spawn(self) -> None:
        """Start the nursery's process; whether it works is seen by `_trial`."""
        path = self.folder / "nursery"
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(128)
        life, inside = socket.socketpair()
        status, status_write = os.pipe()
        options = {
            "walls": json.loads(self.walls.as_json()),
            "listener": listener.fileno(),
            "life": inside.fileno(),
            "status": status_write,
            "modules": list(self.modules),
            "bare": sorted(top_levels()) if self.bare else None,
        }
        argv = [sys.executable, "-s", "-m", "course_lib.grading.nursery", json.dumps(options)]
        with (self.folder / "errors").open("wb") as log:
            try:
                self.process = subprocess.Popen(
                    sandbox.command(self.walls, argv),
                    env=self._environment(),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(listener.fileno(), inside.fileno(), status_write),
                    start_new_session=True,
                )
            except OSError as error:
                log.write(str(error).encode())
            finally:
                listener.close()
                inside.close()
                os.close(status_write)
        self.life, self.status = life, status

    def _trial(self) -> str:
        """Wait for the nursery and start one kernel in it; '' or why it does not work."""
        with os.fdopen(self.status, "rb") as pipe:
            said = pipe.readline()
        if said == b"ready\n":
            try:
                connection, _, mine = Kernels(str(self.folder), self.walls.level).request()
            except (OSError, KernelDied) as error:
                said = str(error).encode()
            else:
                connection.close()
                remove(mine)
                return ""
        lines = (self.folder / "errors").read_text(errors="replace").strip().splitlines()
        self._stop()
        return (said.decode(errors="replace").strip() or (lines or ["it ended at once"])[-1])[:300]

    def _environment(self) -> dict[str, str]:
        """The whole environment of learner code."""
        inside = self.walls.level in ("bubblewrap", "namespaces")
        home = sandbox.HOME if inside else str(self.folder / "k")
        package = self.walls.real_package if inside else self.walls.package
        names = {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join([str(Path(package).parent), *sandbox.own_packages()]),
            "HOME": home,
            "IPYTHONDIR": f"{home}/.ipython",
            "MPLCONFIGDIR": f"{home}/.matplotlib",
            "MPLBACKEND": "agg",
            "LANG": "C.UTF-8",
            "TMPDIR": home,
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "1",
            "COURSE_GRADING": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        return names | dict.fromkeys(ONE_THREAD, "1")

    def _stop(self) -> None:
        if self.life is not None:
            with contextlib.suppress(OSError, ValueError):
                self.life.shutdown(socket.SHUT_WR)
                self.life.settimeout(3.0)
                self.cpu_seconds += float(self.life.recv(64))
            self.life.close()
            self.life = None
        if self.process is not None:
            try:
                self.process.wait(3.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def close(self) -> None:
        """End the nursery, every kernel and the folder."""
        self._stop()
        remove(self.folder)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Nurseries:
    """Two nurseries: one whose kernels have everything that is installed, one for bare kernels."""

    def __init__(self, mode: str = "best", course: str = "", modules: tuple[str, ...] = ()) -> None:
        self.both: dict[bool, Nursery] = {}
        try:
            for bare in (False, True):  # both start up at the same time
                heavy = () if bare else modules
                self.both[bare] = Nursery(mode, heavy, course=course, bare=bare, wait=False)
        except BaseException:
            self.close()
            raise

    def ready(self) -> Nurseries:
        """Wait until both work; OSError where one does not."""
        try:
            usual, bare = (nursery.ready().kernels for nursery in self.both.values())
        except BaseException:
            self.close()
            raise
        self.kernels = Kernels(usual.folder, usual.level, bare)
        return self

    @property
    def walls(self) -> Walls:
        """The weaker of the walls that are in force; they are the same nearly always."""
        return max((nursery.walls for nursery in self.both.values()), key=lambda w: sandbox.LEVELS.index(w.level))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of both and of all their kernels, once they are closed."""
        return sum(nursery.cpu_seconds for nursery in self.both.values())

    def look(self) -> None:
        """Start again what something has ended."""
        for nursery in self.both.values():
            nursery.look()

    def close(self) -> None:
        """End both, every kernel, the folders."""
        for nursery in self.both.values():
            nursery.close()


def _short_folder() -> str:
    """Unix sockets need short paths: /tmp where the usual temporary folder's name is long."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) < 50 else "/tmp"


def remove(folder: Path) -> None:
    """Remove a folder with all that learner code has left in it; never fails."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # a thousand folders in one another
        subprocess.run(["rm", "-rf", str(folder)], check=False, stderr=subprocess.DEVNULL)


def sweep(folder: Path) -> None:
    """Remove what graders that were killed have left in the temporary folder (POSIX: elsewhere a signal ends)."""
    if os.name != "posix":
        return
    for path in folder.glob("cg-*-*"):
        pid = path.name.split("-")[1]
        with contextlib.suppress(OSError):
            if pid.isdigit() and path.stat().st_uid == os.getuid():
                try:
                    os.kill(int(pid), 0)
                except ProcessLookupError:
                    remove(path)


class WarmKernel(RunningKernel):
    """A kernel from the nursery behind nbval's interface; what comes out of it is read with limits, not with trust."""

    def __init__(self, kernels: Kernels, modules: tuple[str, ...] = ()) -> None:
        self.kernels = kernels
        self.dead: str | None = None
        self.lost = False
        self.connection, self.info, self.mine = kernels.request(modules)
        self.session = Session(key=self.info["key"].encode(), signature_scheme="hmac-sha256", check_pid=False)
        context = zmq.Context.instance()
        self.shell, self.iopub = context.socket(zmq.DEALER), context.socket(zmq.SUB)
        for at, name in ((self.iopub, "iopub_port"), (self.shell, "shell_port")):
            at.linger = 0
            at.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
            at.rcvhwm = 50  # what waits here while an answer is judged
            at.connect(f"ipc://{self.info['ip']}-{self.info[name]}")
        self.iopub.subscribe(b"")
        self.poller = zmq.Poller()
        for at in (self.shell, self.iopub, self.connection):
            self.poller.register(at, zmq.POLLIN)
        self.heard: deque[dict[str, Any]] = deque()
        self.resident = resident()
        self.bytes = self.parts = 0
        message = self.session.send(self.shell, "kernel_info_request", {})
        try:
            self.await_reply(message["header"]["msg_id"], timeout=START_SECONDS)
            self.await_idle(message["header"]["msg_id"], timeout=START_SECONDS)
        except (Empty, RuntimeError) as error:
            self.stop()
            raise KernelDied(f"the kernel does not answer ({error})") from None

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Send a cell; the id of the request."""
        self.heard.clear()
        self.bytes = self.parts = 0
        content = {
            "code": cell_input,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self.session.send(self.shell, "execute_request", content)["header"]["msg_id"]

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Until the reply has come; Empty after `timeout`, KernelDied at once when the kernel is gone."""
        end = time.monotonic() + (START_SECONDS if timeout is None else timeout)
        while True:
            message = self._next(self.shell, end)
            if message["parent_header"].get("msg_id") == msg_id:
                return

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """The next message of a channel; Empty after `timeout`."""
        end = time.monotonic() + (START_SECONDS if timeout is None else timeout)
        if stream == "iopub" and self.heard:
            return self.heard.popleft()
        return self._next(self.iopub if stream == "iopub" else self.shell, end)

    def _next(self, wanted: zmq.Socket[bytes], end: float) -> dict[str, Any]:
        """The next message of one channel; what comes on the other one meanwhile is kept."""
        while True:
            if self.dead is not None:
                raise KernelDied(self.dead)
            left = end - time.monotonic()
            ready = dict(self.poller.poll(min(max(0.0, left), 0.25) * 1000))
            if resident() - self.resident > UNREAD_BYTES:
                self.dead = "it floods its output"
            elif not ready and left > 0:
                continue
            elif not ready or left < -1.0:  # a kernel that never stops speaking has its time too
                raise Empty
            for at in (self.shell, self.iopub):
                if at in ready:
                    message = self._read(at)
                    if message is not None and at is wanted:
                        return message
                    if message is not None and at is self.iopub:
                        self.heard.append(message)
            if self.connection.fileno() in ready and len(ready) == 1:
                self._listen()

    def _read(self, at: zmq.Socket[bytes]) -> dict[str, Any] | None:
        frames = at.recv_multipart()
        self.bytes += sum(map(len, frames)) + 256  # an empty message costs time as well
        self.parts += probe.parts(*frames)
        if self.bytes > CELL_BYTES or self.parts > probe.MAX_PARTS:
            self.dead = "it floods its output"
            raise KernelDied(self.dead)
        try:
            _, parts = self.session.feed_identities(frames)
            message = self.session.deserialize(parts)
            known = isinstance(message["msg_type"], str) and isinstance(message["content"], dict)
            if not known or not isinstance(message["parent_header"], dict):
                return None
            return message if well_formed(message["msg_type"], message["content"]) else None
        except Exception:
            return None

    def _listen(self) -> None:
        """What the nursery says of this kernel."""
        try:
            said = self.connection.recv(600)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        code = said.decode(errors="replace").strip().removeprefix("exit ")
        self.lost = not code.isdigit()  # the nursery has ended, not the kernel alone
        self.dead = "the kernel is gone" if self.lost else death(int(code))

    def is_alive(self) -> bool:
        """Whether the kernel can run another cell."""
        if self.dead is None and dict(self.poller.poll(0)).get(self.connection.fileno()):
            self._listen()
        return self.dead is None

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the kernel."""
        with contextlib.suppress(OSError):
            self.connection.send(b"interrupt\n")

    def stop(self) -> None:
        """End the kernel with everything that it started; may be called twice."""
        self.dead = self.dead or "it was stopped"
        self.connection.close()
        self.shell.close()
        self.iopub.close()
        remove(self.mine)


class ColdKernel(RunningKernel):
    """nbval's own kernel; `stop` may be called twice."""

    def stop(self) -> None:
        """End the kernel."""
        if hasattr(self, "km"):
            super().stop()


def resident() -> int:
    """The memory of this process (Linux; else 0)."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def well_formed(kind: str, content: dict[str, Any]) -> bool:
    """Whether a message has what nbval reads of it, in the right types."""
    text = {"status": ("execution_state",), "stream": ("name", "text"), "error": ("ename", "evalue")}
    if not all(isinstance(content.get(k), str) for k in text.get(kind, ())):
        return False
    if kind == "error":
        lines = content.get("traceback")
        return isinstance(lines, list) and all(isinstance(line, str) for line in lines)
    if kind in ("display_data", "execute_result"):
        whole = isinstance(content.get("data"), dict) and isinstance(content.get("metadata"), dict)
        return whole and (kind == "display_data" or "execution_count" in content)
    return True


def death(code: int) -> str:
    """An exit code in words."""
    if code == 97:
        return f"it uses more than {sandbox.MEMORY // 2**20} MiB of memory"
    if code == 98:
        return f"it starts more than {sandbox.PROCESSES} processes"
    if code > 128:
        with contextlib.suppress(ValueError):
            return f"it ended with {signal.Signals(code - 128).name}"
    return f"it ended with exit code {code}"


# ---------------------------------------------------------------- for other programs


_shared: Nursery | None = None


def shared_nursery() -> Nursery:
    """One nursery for all kernels that this process starts through jupyter_client."""
    global _shared
    if _shared is None or _shared.process is None or _shared.process.poll() is not None:
        import atexit

        modules = tuple(filter(None, os.environ.get("COURSE_WARM_MODULES", "").split(",")))
        _shared = Nursery(os.environ.get("COURSE_SANDBOX", "best"), modules)
        atexit.register(_shared.close)
    return _shared


class WarmProvisioner(KernelProvisionerBase):
    """The same warm, walled kernels for every program that uses jupyter_client, stock nbval among them.

    Chosen by `JUPYTER_DEFAULT_PROVISIONER_NAME=course-warm` or by a kernelspec; COURSE_WARM_MODULES names what the
    nursery imports, COURSE_SANDBOX is required, best or off.
    """

    connection: socket.socket | None = None
    code: int | None = None
    mine: Path | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not ended."""
        return self.connection is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Unix sockets in a folder of its own, in the place of ports."""
        manager = self.parent
        self.kernels = shared_nursery().kernels
        number = f"{os.getpid()}-{next(_counter)}"
        self.mine = Path(self.kernels.folder) / "k" / number
        self.mine.mkdir()
        manager.transport, manager.ip = "ipc", str(self.mine / "s")
        for name, port in PORTS.items():
            setattr(manager, name, port)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Ask the nursery for a kernel."""
        assert self.mine is not None
        key = self.connection_info["key"]
        info = self.kernels.info(self.mine, key.decode() if isinstance(key, bytes) else key)
        self.connection = self.kernels.connect(info)
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel runs, else its exit code."""
        if self.connection is None:
            return self.code or 0
        try:
            said = self.connection.recv(600)
        except BlockingIOError:
            return None
        except OSError:
            said = b""
        number = said.decode(errors="replace").strip().removeprefix("exit ")
        self.code = int(number) if number.lstrip("-").isdigit() else 1
        self.connection.close()
        self.connection = None
        return self.code

    async def wait(self) -> int | None:
        """Until the kernel has ended."""
        import asyncio

        while (code := await self.poll()) is None:
            await asyncio.sleep(0.01)
        return code

    async def send_signal(self, signum: int) -> None:
        """Interrupts go to the kernel, every other signal ends it."""
        if signum == signal.SIGINT and self.connection is not None:
            self.connection.send(b"interrupt\n")
        elif signum != 0:
            await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel with everything that it started."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    async def terminate(self, restart: bool = False) -> None:
        """The same as `kill`: nothing in a kernel is worth a goodbye."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folder."""
        if self.mine is not None:
            remove(self.mine)
