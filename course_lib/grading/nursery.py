"""Where kernels are forked: a process that has the heavy imports done and waits behind the outer wall.

Each connection on its socket is one kernel: a line of JSON asks for it, "ready" and later "exit N" come back,
"interrupt" and the end of the connection go in. A kernel is two processes: a guard, the first process of its own
namespaces, which watches memory and processes and ends everything with itself; and the kernel, which speaks as much of
Jupyter's protocol as running cells needs. This file runs inside the walls and knows nothing of answers, submissions or
the grader.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from course_lib.grading import sandbox
from course_lib.grading.sandbox import Walls

NAMESPACES = ("bubblewrap", "namespaces")
OUTPUT_BYTES = 256 * 1024  # text and pictures of one cell; what comes after is dropped
EXIT_MEMORY, EXIT_PROCESSES = 97, 98


def main() -> None:
    """Wall, imports, then fork kernels until the grader's side is gone."""
    options = json.loads(sys.argv[1])
    walls = Walls(**{**options["walls"], "extra": tuple(options["walls"]["extra"])})
    listener = socket.socket(fileno=options["listener"])
    life = options["life"]  # a socket that is closed when the grader ends
    if walls.level == "namespaces":
        sandbox.outer_wall(walls)
    elif walls.level == "bubblewrap" and os.geteuid() != 0:
        sandbox.own_processes()
    if sys.platform == "linux":
        sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
    preload(options["bare"])
    os.write(options["status"], b"ready\n")
    os.close(options["status"])
    Nursery(walls, listener, life, options["modules"]).run()


def preload(there: list[str] | None) -> None:
    """Import what kernels share, so that each one finds it there; `there` names all that a bare kernel may import."""
    from course_lib.checks import bare, probe  # noqa: F401
    from course_lib.grading import inside

    if there is not None:  # first: a hidden folder must not be taken for a package
        bare.take_away(there)
    import numpy as np
    import zmq  # noqa: F401
    from ipykernel.zmqshell import ZMQInteractiveShell
    from jupyter_client.session import Session  # noqa: F401
    from traitlets.config import Config

    np.random.default_rng(0)  # numpy.random is imported when it is first used
    config = Config()
    config.HistoryManager.enabled = False
    inside.prepare(ZMQInteractiveShell.instance(config=config))
    gc.collect()
    gc.freeze()


def load(modules: list[str]) -> None:
    """Import what kernels will import, so that it is done once."""
    new = [name for name in modules if name in sandbox.HEAVY and name not in sys.modules]
    for name in new:
        with contextlib.suppress(Exception):  # the kernel that asks for it is told
            importlib.import_module(name)
    if new:
        gc.collect()
        gc.freeze()


class Nursery:
    """The loop around fork."""

    def __init__(self, walls: Walls, listener: socket.socket, life: int, modules: list[str]) -> None:
        self.walls, self.listener, self.life, self.modules = walls, listener, life, modules
        self.kernels: dict[int, tuple[int, bytes]] = {}  # connection -> guard's process id (0: not yet), bytes read
        self.connections: dict[int, socket.socket] = {}
        self.count = 0
        self.wake, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY) if walls.level in NAMESPACES else -1

    def run(self) -> None:
        """Serve until the grader is gone, then leave nothing behind."""
        poller = select.poll()
        for handle in (self.listener.fileno(), self.life, self.wake):
            poller.register(handle, select.POLLIN | select.POLLHUP)
        while True:
            if self.count and self.modules:  # after the trial, so that nobody waits for them who needs none
                load(self.modules)
                self.modules = []
            for handle, event in poller.poll():
                if handle == self.life:
                    self.leave()
                elif handle == self.wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.wake, 4096)
                    self.reap(poller)
                elif handle == self.listener.fileno():
                    new, _ = self.listener.accept()
                    self.connections[new.fileno()] = new
                    self.kernels[new.fileno()] = (0, b"")
                    poller.register(new.fileno(), select.POLLIN | select.POLLHUP)
                elif handle in self.connections:
                    self.hear(handle, event, poller)

    def hear(self, handle: int, event: int, poller: select.poll) -> None:
        """A request, an interrupt, or the end of a connection."""
        pid, text = self.kernels[handle]
        try:
            data = self.connections[handle].recv(65536)
        except OSError:
            data = b""
        if not data:
            self.end(handle)
            poller.unregister(handle)
            self.connections.pop(handle).close()
            self.kernels.pop(handle, None)
            return
        *lines, rest = (text + data).split(b"\n")
        for line in lines:
            if line == b"interrupt" and pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            elif not pid:
                pid = self.fork(handle, json.loads(line))
        self.kernels[handle] = (pid, rest)

    def fork(self, handle: int, request: dict[str, Any]) -> int:
        """Start one kernel; the guard's process id."""
        load(request.get("modules", ()))
        self.count += 1
        if self.pid_namespace >= 0:
            libc = ctypes.CDLL(None, use_errno=True)
            libc.setns(self.pid_namespace, sandbox.CLONE_NEWPID)
            try:
                sandbox.unshare(sandbox.CLONE_NEWPID)
            except OSError as error:
                self.connections[handle].sendall(f"failed {error}\n".encode())
                return -1
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            connection = self.connections.pop(handle)
            signal.set_wakeup_fd(-1)
            for other in self.connections.values():
                other.close()
            self.listener.close()
            for number in (self.life, self.wake, self.wake_write, self.pid_namespace):
                if number >= 0:
                    os.close(number)
            uid = 50000 + self.count % 10000 if self.pid_namespace >= 0 and os.geteuid() == 0 else 0
            code = guard(self.walls, request, connection, uid)
        except BaseException as error:
            with contextlib.suppress(OSError):
                connection.sendall(f"failed {type(error).__name__}: {error}".replace("\n", " ").encode() + b"\n")
        os._exit(code)

    def end(self, handle: int) -> None:
        """End a kernel with everything that it started."""
        pid = self.kernels[handle][0]
        if pid > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)  # the guard's: it ends the rest and keeps the account

    def leave(self) -> None:
        """The grader is gone: end every kernel, then this process."""
        for connection in list(self.kernels):
            self.end(connection)
        for _ in range(100 if self.pid_namespace < 0 else 0):  # guards need a moment to end what learners started
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if not children(os.getpid()):
                break
            select.select([], [], [], 0.02)
        for pid in descendants(os.getpid()) if self.pid_namespace < 0 else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while self.pid_namespace >= 0:
                os.wait()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        with contextlib.suppress(OSError):
            os.write(self.life, b"%.3f\n" % sum(u.ru_utime + u.ru_stime for u in used))
        os._exit(0)

    def reap(self, poller: select.poll) -> None:
        """Collect what has ended; a process that lost its guard is ended too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            for handle, (guard_pid, rest) in list(self.kernels.items()):
                if guard_pid == pid:
                    self.kernels[handle] = (-1, rest)
                    code = os.waitstatus_to_exitcode(status)
                    with contextlib.suppress(OSError):
                        self.connections[handle].sendall(b"exit %d\n" % code)
        if self.pid_namespace < 0:
            known = {pid for pid, _ in self.kernels.values()}
            for orphan in children(os.getpid()) - known:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)


def children(pid: int) -> set[int]:
    """The processes that a process has started (Linux)."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= set(map(int, path.read_text().split()))
    return found


def descendants(pid: int) -> set[int]:
    """All processes below a process."""
    below = children(pid)
    for child in list(below):
        below |= descendants(child)
    return below


# ---------------------------------------------------------------- one kernel


def guard(walls: Walls, request: dict[str, Any], connection: socket.socket, uid: int) -> int:
    """The first process of a kernel: build the inner wall, start the kernel, watch it, return its exit code."""
    if sys.platform == "linux":
        sandbox.prctl(sandbox.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    watched = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    if walls.level in NAMESPACES:
        sandbox.inner_mounts(walls, request["number"], uid)
    else:
        os.chdir(request["home"])
        if sys.platform == "linux":
            sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
    bound, tell = os.pipe()
    kernel = os.fork()
    if kernel == 0:
        code = 71
        try:
            connection.close()
            os.close(bound)
            empty = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(empty, number)
            os.setsid()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
            if walls.level != "off":
                sandbox.drop(walls, uid)
            if sys.platform == "linux":
                sandbox.prctl(sandbox.PR_SET_PDEATHSIG, signal.SIGKILL)
            Kernel(request, tell).run()
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(tell, f"{type(error).__name__}: {error}".replace("\n", " ").encode()[:500] + b"\n")
        os._exit(code)
    os.close(tell)
    said = os.read(bound, 600)
    os.close(bound)
    if said == b"bound\n":
        if walls.level in NAMESPACES:
            sandbox.close_sockets_folder()
        connection.sendall(b"ready\n")
    else:
        connection.sendall(b"failed " + (said.strip() or b"the kernel did not start") + b"\n")
    connection.close()
    return watch(kernel, watched, limited=walls.level != "off")


def watch(kernel: int, watched: set[signal.Signals], limited: bool) -> int:
    """Until the kernel ends: pass interrupts on, reap, end everything when there is too much of it."""
    start = usage(kernel)
    code = -1
    me = os.getpid()
    looked = time.monotonic()
    while True:
        got = next_signal(watched, 0.25)
        if got == signal.SIGTERM:
            break
        if got == signal.SIGINT:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kernel, signal.SIGINT)
        ended = reap_all()
        if kernel in ended:
            code = ended[kernel]
            break
        if limited and sys.platform == "linux" and time.monotonic() - looked > 0.2:  # children may end all the time
            looked = time.monotonic()
            below = descendants(me) if me != 1 else {int(p.name) for p in Path("/proc").glob("[0-9]*")} - {1}
            if len(below) > sandbox.PROCESSES:
                code = EXIT_PROCESSES
                break
            if sum(max(0, usage(pid) - start) for pid in below) > sandbox.MEMORY:
                code = EXIT_MEMORY
                break
            for pid in below - {kernel}:  # what a learner starts beside the kernel must not slow the neighbours down
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, pid, 19)
    if code < 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL)
        reap_all(os.WNOHANG if me != 1 else 0, kernel)
    if me != 1:  # without a process namespace nobody else ends them
        for _ in range(20):
            below = descendants(me)
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            reap_all()
            if not below:
                break
    return code if code >= 0 else 128 - code


def next_signal(watched: set[signal.Signals], seconds: float) -> int | None:
    """The next of some blocked signals, None after `seconds`."""
    if hasattr(signal, "sigtimedwait"):
        got = signal.sigtimedwait(watched, seconds)
        return got.si_signo if got else None
    end = time.monotonic() + seconds  # macOS
    while time.monotonic() < end:
        waiting = signal.sigpending() & watched
        if waiting:
            return signal.sigwait(waiting)
        time.sleep(0.01)
    return None


def reap_all(flags: int = os.WNOHANG, last: int = 0) -> dict[int, int]:
    """Exit codes of all children that have ended; with other flags wait until the process `last` has."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, flags)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = os.waitstatus_to_exitcode(status)
        if pid == last:
            return ended


def usage(pid: int) -> int:
    """The memory of a process that no file stands behind, its own and what it shares with its children (Linux)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem")))
    return 0


class Stream:
    """stdout and stderr of a kernel: text goes out in pieces, up to a limit for each cell."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel, self.name, self.parts, self.size = kernel, name, [], 0

    def write(self, text: str) -> int:
        """Take text; what is over the cell's limit is dropped."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.kernel.room > 0:
            self.parts.append(text[: self.kernel.room])
            self.kernel.room -= len(text)
            self.size += len(text)
            if self.size > 8192:
                self.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Take several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what has gathered."""
        text, self.parts, self.size = "".join(self.parts), [], 0
        if text:
            clean = text.encode("utf-8", "replace").decode()
            self.kernel.publish("stream", {"name": self.name, "text": clean})

    def isatty(self) -> bool:
        """No terminal here."""
        return False

    def readable(self) -> bool:
        """For writing only."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Never."""
        return False

    def fileno(self) -> int:
        """No file stands behind it."""
        import io

        raise io.UnsupportedOperation("fileno")

    def close(self) -> None:
        """A kernel keeps its streams."""


class Kernel:
    """Runs cells: execute_request, kernel_info_request and shutdown_request, in one thread."""

    def __init__(self, request: dict[str, Any], tell: int) -> None:
        import zmq
        from ipykernel.zmqshell import ZMQInteractiveShell
        from jupyter_client.session import Session

        from course_lib.grading import inside

        class Displays(Session):
            """What IPython takes for a session: its displays, results and errors pass the kernel's limit."""

            kernel = self

            def send(self, stream: Any, msg_or_type: Any, content: Any = None, *more: Any, **others: Any) -> None:
                self.kernel.show(msg_or_type, content)

        self.session = Session(key=request["key"].encode(), signature_scheme="hmac-sha256", check_pid=False)
        context = zmq.Context(1)
        self.sockets = {}
        for name, kind in (("iopub", zmq.XPUB), ("shell", zmq.ROUTER), ("control", zmq.ROUTER)):
            at = context.socket(kind)
            at.linger = 500
            at.sndhwm = 0 if name == "iopub" else 1000
            at.bind(f"{request['transport']}://{request['ip']}-{request[name + '_port']}")
            self.sockets[name] = at
        inside.start_over()
        self.parent: dict[str, Any] = {}
        self.room, self.told_error = OUTPUT_BYTES, False
        self.shell = ZMQInteractiveShell.instance()
        self.shell.displayhook.session = self.shell.display_pub.session = Displays(key=self.session.key)
        self.shell.displayhook.pub_socket = self.shell.display_pub.pub_socket = self.sockets["iopub"]
        self.shell.displayhook.topic = b"execute_result"
        self.shell.enable_gui = lambda gui=None: None  # a gui's event loop has no place here
        self.shell.showtraceback = self.shell.showsyntaxerror = lambda *_, **__: None  # `execute` tells it in a line
        self.listening = False
        self.streams = Stream(self, "stdout"), Stream(self, "stderr")
        os.write(tell, b"bound\n")
        os.close(tell)

    def show(self, kind: Any, content: Any) -> None:
        """Send a display, a result or an error, unless the cell has shown too much already."""
        if isinstance(kind, dict):
            kind, content = kind["msg_type"], kind["content"]
        self.told_error |= kind == "error"
        data = content.get("data", {}) if isinstance(content, dict) else {}
        if not any(str(k).startswith("application/vnd.course") for k in data):
            size = len(repr(content))
            if kind != "error" and size > self.room:
                return
            self.room -= size
        self.publish(kind, content)

    def publish(self, kind: str, content: Any) -> None:
        """Send on the channel that everybody hears."""
        self.session.send(self.sockets["iopub"], kind, content, parent=self.parent, ident=kind.encode())

    def run(self) -> None:
        """Answer requests until the end."""
        import zmq

        poller = zmq.Poller()
        shell, control, iopub = (self.sockets[n] for n in ("shell", "control", "iopub"))
        for at in (shell, control, iopub):
            poller.register(at, zmq.POLLIN)
        while True:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            ready = dict(poller.poll())
            if iopub in ready:
                iopub.recv_multipart()
                self.listening = True
            for at in (control, shell):
                if at in ready:
                    self.answer(at)

    def answer(self, at: Any) -> None:
        """One request."""
        idents, message = self.session.recv(at, 0)
        if message is None:
            return
        kind, self.parent = message["msg_type"], message
        if not self.listening and self.sockets["iopub"].poll(1000):  # do not speak before somebody hears
            self.sockets["iopub"].recv_multipart()
            self.listening = True
        self.publish("status", {"execution_state": "busy"})
        if kind == "execute_request":
            reply, content = "execute_reply", self.execute(message)
        elif kind == "kernel_info_request":
            language = {"name": "python", "version": ".".join(map(str, sys.version_info[:3])), "file_extension": ".py"}
            reply, content = (
                "kernel_info_reply",
                {
                    "status": "ok",
                    "protocol_version": "5.4",
                    "implementation": "course",
                    "implementation_version": "1",
                    "language_info": {**language, "mimetype": "text/x-python"},
                    "banner": "",
                    "help_links": [],
                },
            )
        else:
            reply, content = kind.replace("request", "reply"), {"status": "ok", "restart": False}
        self.session.send(at, reply, content, parent=message, ident=idents)
        self.publish("status", {"execution_state": "idle"})
        if kind == "shutdown_request":
            os._exit(0)

    def execute(self, message: dict[str, Any]) -> dict[str, Any]:
        """Run one cell."""
        self.room, self.told_error = OUTPUT_BYTES, False
        sys.stdout, sys.stderr = self.streams  # type: ignore[assignment]  # also when the last cell replaced them
        self.shell.set_parent(message)
        content: dict[str, Any] = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            result = self.shell.run_cell(message["content"]["code"], store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as caught:
            error = caught
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        for stream in self.streams:
            with contextlib.suppress(Exception):
                stream.flush()
        if error is not None:
            text = f"{error.msg} (line {error.lineno})" if isinstance(error, SyntaxError) else str(error)
            told = {"ename": type(error).__name__, "evalue": text[:500]}
            if not self.told_error:  # IPython itself gave up on the cell
                self.publish("error", {**told, "traceback": [": ".join(told.values())]})
            content |= {"status": "error", **told, "traceback": []}
        return content


if __name__ == "__main__":
    main()
