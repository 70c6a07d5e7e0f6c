"""Walls around learner code, as good as this machine allows.

Two walls. The outer one stands around the nursery, the process that kernels are forked from: only the system, Python
and a public copy of this package are visible, read-only; no network; no environment. It is made by bubblewrap where
that is installed, else by this file. The inner one stands around each kernel: its own processes, its own small memory
disk as home, no capability, a filter of system calls, limits. Where namespaces are forbidden, Landlock and limits
remain. Standard library only: this file runs inside.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import site
import struct
import subprocess
import sys
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LEVELS = ("bubblewrap", "namespaces", "landlock", "limits", "off")
SENTENCES = {
    "bubblewrap": "Learner code ran in bubblewrap: no network, a read-only system, a private home, limits, "
    "system calls filtered.",
    "namespaces": "Learner code ran in namespaces of its own: no network, a read-only system, a private home, limits, "
    "system calls filtered.",
    "landlock": "Learner code could read the system and Python only and write into a private folder (Landlock), with "
    "limits; it shared this machine's process list and your user.",
    "limits": "Learner code had limits on time, memory and files, but could read what you can read and reach the "
    "network: grade only learners whom you trust.",
    "off": "No protection was in force: learner code ran with your rights.",
}
HOME = "/home/learner"
SOCKETS = "/run/k"
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives", "mime.types")
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))
MEMORY = 2 * 2**30  # over what a kernel starts with
DISK = 64 * 2**20
PROCESSES = 64
CPU_SECONDS = 600
HEAVY = ("torch", "matplotlib.pyplot")  # modules that take long to import: once for all kernels, when one needs them

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER = 1, 4, 38, 22, 36


@dataclass(frozen=True)
class Walls:
    """What the nursery and its kernels may see: `package` is shown in the place of the real course_lib.

    A course that lies in a visible folder (/usr/src, or with Python's own files around it) is emptied: see `hidden`.
    `absent` are the packages' folders that a bare kernel does not have.
    """

    level: str
    folder: str
    package: str
    real_package: str
    extra: tuple[str, ...] = ()
    course: str = ""
    absent: tuple[str, ...] = ()

    def as_json(self) -> str:
        """For the command line of the nursery."""
        return json.dumps(asdict(self))


def public_copy(folder: Path, bare: bool = False) -> Path:
    """A copy of course_lib without answers: no lesson checks, no grader but the nursery; the copy's folder.

    For bare kernels nothing else either: the course's networks, data and pictures hold answers.
    """
    real = Path(__file__).resolve().parents[1]
    target = folder / "lib" / "course_lib"

    def secret(at: str, names: list[str]) -> set[str]:
        here = Path(at).relative_to(real).as_posix()
        hidden = {n for n in names if n == "__pycache__" or n.endswith(".pyc")}
        if here == "checks":
            hidden |= {n for n in names if n.startswith("lesson_")}
        if here == "grading":
            hidden |= set(names) - {"__init__.py", "nursery.py", "sandbox.py", "inside.py"}
        if here == "." and bare:
            hidden |= set(names) - {"__init__.py", "checks", "grading"}
        if here == "show":
            hidden |= {"quizzes"}
        return hidden

    shutil.copytree(real, target, ignore=secret, copy_function=shutil.copy)
    return target


def candidates(mode: str) -> list[str]:
    """The levels to try on this machine, best first, for `--sandbox required|best|off`."""
    if mode == "off":
        return ["off"]
    found = []
    if sys.platform == "linux":
        if shutil.which("bwrap"):
            found.append("bubblewrap")
        found.append("namespaces")
    if mode == "required":
        return found
    if sys.platform == "linux" and landlock_version() > 0:
        found.append("landlock")
    return [*found, "limits"] if os.name == "posix" else ["off"]


def python_folders() -> list[str]:
    """Where this Python, its standard library and its packages are."""
    names = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    names |= {sysconfig.get_path(k) for k in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")}
    names |= {str(Path(sys.executable).parent), str(Path(sys.executable).resolve().parent.parent)}
    names |= {p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages"))}
    real = {n for n in names if n and Path(n).is_dir() and n not in ("/", "/usr")}
    return sorted(n for n in real if not any(n != o and n.startswith(o.rstrip("/") + "/") for o in real | {"/usr"}))


def package_folders() -> list[str]:
    """Every folder of installed packages that a kernel could read, also of a Python around this one."""
    found = {p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages"))}
    roots = {*python_folders(), "/usr", "/usr/local", sys.prefix, sys.base_prefix}
    for pattern in ("lib*/python3*/site-packages", "lib*/python3*/dist-packages"):
        found |= {str(path) for root in roots for path in Path(root).glob(pattern)}
    return sorted({os.path.realpath(f) for f in found} | found)


def not_in(allowed: frozenset[str]) -> tuple[str, ...]:
    """The folders of all installed packages but these."""
    folders = [path for folder in package_folders() if Path(folder).is_dir() for path in Path(folder).iterdir()]
    stay = {*allowed, "__pycache__"}
    return tuple(
        str(path)
        for path in folders
        if path.name.partition(".")[0] not in stay and not path.name.endswith((".dist-info", ".egg-info"))
        if path.is_dir() and not path.is_symlink()
    )


def own_packages() -> list[str]:
    """Folders of packages that Python itself would not find: of `pip install --user`, or named by PYTHONPATH."""
    usual = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    return [p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages")) and p not in usual]


def system_folders() -> list[str]:
    """The parts of the system that programs need."""
    return [d for d in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32") if Path(d).exists()]


def hidden(walls: Walls) -> list[str]:
    """Folders that would be visible because a folder around them is: the course's own, and what a bare kernel lacks."""
    shown = (*system_folders(), *python_folders(), *walls.extra)
    names = ("solutions", "exercises", "checks", "notebooks", "tests", "docs", ".git") if walls.course else ()
    folders = [f"{Path(walls.course).resolve()}/{name}" for name in names]
    shown_folders = [s.rstrip("/") + "/" for s in shown]
    return [f for f in (*folders, *walls.absent) if Path(f).is_dir() and f.startswith(tuple(shown_folders))]


def command(walls: Walls, argv: list[str]) -> list[str]:
    """The command line that starts the nursery behind the outer wall; other levels build their wall inside."""
    if walls.level != "bubblewrap":
        return argv
    unshare = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --die-with-parent --new-session --cap-add ALL"
    line = ["bwrap", *unshare.split(), "--hostname", "grader"]
    if os.geteuid() != 0:  # root keeps real capabilities, so that each kernel can get a user of its own
        line.append("--unshare-user")
    line += ["--tmpfs", "/tmp"]  # first: Python itself may live below it
    places = [*python_folders(), *walls.extra, walls.real_package, SOCKETS, HOME, "/etc/x"]
    for folder in sorted({str(parent) for name in places for parent in Path(name).parents} - {"/", "/tmp"}):
        line += ["--perms", "0755", "--dir", folder]
    for name in system_folders():
        target = str(Path(name).readlink()) if Path(name).is_symlink() else None
        line += ["--symlink", target, name] if target else ["--ro-bind", name, name]
    for name in ETC:
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name in [*python_folders(), *walls.extra]:
        line += ["--ro-bind", name, name]
    for name in hidden(walls):
        line += ["--tmpfs", name, "--remount-ro", name]  # else kernels could leave notes there for each other
    line += ["--ro-bind", walls.package, walls.real_package]
    line += ["--ro-bind", f"{walls.folder}/etc/passwd", "/etc/passwd", "--ro-bind", f"{walls.folder}/etc/group"]
    line += ["/etc/group", "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--tmpfs", HOME]
    line += ["--bind", f"{walls.folder}/k", SOCKETS, "--chdir", HOME, "--remount-ro", "/", "--", *argv]
    return line


def write_names(folder: Path) -> None:
    """A passwd file that names nobody of this machine."""
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc" / "passwd").write_text(f"learner:x:{os.getuid()}:{os.getgid()}:learner:{HOME}:/bin/sh\n")
    (folder / "etc" / "group").write_text(f"learner:x:{os.getgid()}:\n")


# ---------------------------------------------------------------- system calls


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def prctl(option: int, a: int = 0, b: int = 0) -> None:
    """prctl(2)."""
    arguments = [ctypes.c_ulong(v) for v in (a, b, 0, 0)]
    _check(_libc().prctl(option, *arguments), f"prctl {option}")


def unshare(flags: int) -> None:
    """unshare(2)."""
    _check(_libc().unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    text = [v.encode() if v else None for v in (source, target, kind)]
    _check(_libc().mount(*text, ctypes.c_ulong(flags), data.encode() or None), f"mount {target}")


def map_user(uid: int, gid: int, old_uid: int, old_gid: int) -> None:
    """Map one user and one group into a new user namespace."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {old_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {old_gid} 1")


def small_disk(path: str, size: int = DISK, mode: str = "1777") -> None:
    """A memory disk with a limit on bytes and on files."""
    mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},nr_inodes=4096,mode={mode}")


def own_processes() -> None:
    """Inside bubblewrap as an ordinary user: a process namespace that this process may leave and enter again."""
    uid, gid = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER | CLONE_NEWPID)
    map_user(uid, gid, uid, gid)
    _go_on_in_child()


def _go_on_in_child() -> None:
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    prctl(PR_SET_PDEATHSIG, 9)


def outer_wall(walls: Walls) -> None:
    """What bubblewrap does, for machines without it: namespaces and a new, read-only root. Forks: the child goes on."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    unshare(flags | (CLONE_NEWUSER if uid else 0))
    if uid:
        map_user(uid, gid, uid, gid)
    _go_on_in_child()
    mount("", "/", "", MS_REC | MS_PRIVATE)
    root = f"{walls.folder}/root"
    Path(root).mkdir(exist_ok=True)
    mount("tmpfs", root, "tmpfs", MS_NOSUID, "size=1m,mode=755")
    for name in ("/tmp", HOME, "/dev/shm"):
        Path(root + name).mkdir(parents=True)
        small_disk(root + name)
    for name in system_folders():
        if Path(name).is_symlink():
            Path(root + name).symlink_to(str(Path(name).readlink()))
        else:
            _bind(name, root + name)
    for name in ETC:
        if Path(f"/etc/{name}").exists():
            _bind(f"/etc/{name}", f"{root}/etc/{name}")
    for name in [*python_folders(), *walls.extra]:
        _bind(name, root + name)
    for name in hidden(walls):
        small_disk(root + name, 4096, "755")
        mount("", root + name, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    _bind(walls.package, root + walls.real_package)
    for name in ("passwd", "group"):
        _bind(f"{walls.folder}/etc/{name}", f"{root}/etc/{name}")
    for name in DEVICES:
        _bind(name, root + name, False)
    _bind(f"{walls.folder}/k", root + SOCKETS, False)
    Path(f"{root}/proc").mkdir()
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV)
    mount("", root, "", MS_REMOUNT | MS_RDONLY | MS_NOSUID)
    os.chdir(root)
    _check(_libc().pivot_root(b".", b"."), "pivot_root")
    _check(_libc().umount2(b".", 2), "umount")
    os.chdir(HOME)


def _bind(source: str, target: str, read_only: bool = True) -> None:
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    mount(source, target, "", MS_BIND | MS_REC)
    if read_only:
        keep = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | 8 | 1024 | 2048)  # a user may not clear these
        mount("", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | keep)


# ---------------------------------------------------------------- the inner wall


def inner_mounts(walls: Walls, number: int, uid: int) -> None:
    """Called by the first process of a kernel's own namespaces: private disks, only its own socket folder."""
    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    mount("", "/", "", MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)
    if uid:
        os.chown(f"{SOCKETS}/{number}", uid, uid)
    mount(f"{SOCKETS}/{number}", SOCKETS, "", MS_BIND)
    small_disk(f"{walls.real_package}/grading", 4096, "755")
    for path in ("/tmp", HOME, "/dev/shm"):
        if any(p.startswith(path + "/") for p in (*python_folders(), *walls.extra, walls.real_package)):
            mount("", path, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
        elif Path(path).is_dir():
            small_disk(path)
    os.chdir(HOME)


def close_sockets_folder() -> None:
    """Nothing can be added to the folder that is shared with the grader once the sockets are there."""
    mount("", SOCKETS, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def drop(walls: Walls, uid: int) -> None:
    """The last step before learner code: another user or none of the user's powers, filtered calls, limits."""
    if walls.level in ("bubblewrap", "namespaces"):
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        else:  # a namespace of its own, made before the limit is set: then processes of this kernel only count
            mine = os.getuid(), os.getgid()
            unshare(CLONE_NEWUSER)
            map_user(*mine, *mine)
    limits()
    if sys.platform == "linux":
        drop_capabilities()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if walls.level == "landlock":
        readable = without(hidden(walls), system_folders() + python_folders())
        settings = [f"/etc/{name}" for name in (*ETC, "passwd", "group")]
        restrict_files([*readable, *settings, *DEVICES, "/proc/self", walls.package], [str(Path.cwd().parent)])
    if walls.level in ("bubblewrap", "namespaces", "landlock"):
        filter_calls(network=walls.level != "landlock")


def drop_capabilities() -> None:
    """Give up every capability for good."""
    libc = _libc()
    for capability in range(64):
        if libc.prctl(24, ctypes.c_ulong(capability), 0, 0, 0) != 0:  # PR_CAPBSET_DROP ends with EINVAL after the last
            break
    libc.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT_CLEAR_ALL
    header, data = struct.pack("<Ii", 0x20080522, 0), struct.pack("<IIIIII", 0, 0, 0, 0, 0, 0)
    _check(libc.capset(header, data), "capset")


def limits() -> None:
    """Limits on processor time, memory, file size, open files and processes."""
    page = resource.getpagesize()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * page if Path("/proc/self/statm").exists() else 0
    wanted = {
        "RLIMIT_CPU": CPU_SECONDS,
        "RLIMIT_FSIZE": DISK,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 2**16,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 512,
    }
    if used:  # not on systems whose address space is counted in another way
        wanted |= {"RLIMIT_AS": used + 2 * MEMORY, "RLIMIT_NPROC": PROCESSES}
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is not None:
            _, hard = resource.getrlimit(number)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


# system calls by name: (x86_64, aarch64); what learner code has no use for and what walls have failed at before
DENIED = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "fsopen": (430, 430), "fsmount": (432, 432), "move_mount": (429, 429),
    "open_tree": (428, 428), "mount_setattr": (442, 442), "pidfd_getfd": (438, 438), "mq_open": (240, 180),
    "personality": (135, 92), "clone3": (435, 435),
}  # fmt: skip


def filter_calls(network: bool) -> None:
    """A seccomp filter; `network`: internet sockets are left alone, because a namespace holds them already.

    No namespace holds the sockets of virtual machines, of the kernel's cryptography and the like.
    """
    machine = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}.get(platform.machine())
    if machine is None or struct.calcsize("P") != 8:
        return
    column, arch = machine
    allow, enosys, eperm, kill = 0x7FFF0000, 0x00050000 | 38, 0x00050000 | 1, 0x80000000
    steps = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), (0x06, 0, 0, kill), (0x20, 0, 0, 0)]
    if column == 0:  # the x32 interface would go around the filter
        steps += [(0x35, 0, 1, 0x40000000), (0x06, 0, 0, kill)]
    for name, numbers in DENIED.items():  # clone3 "does not exist": the C library then uses clone
        steps += [(0x15, 0, 1, numbers[column]), (0x06, 0, 0, enosys if name == "clone3" else eperm)]
    clone = (56, 220)[column]  # clone with a new user namespace
    steps += [(0x15, 0, 4, clone), (0x20, 0, 0, 16), (0x45, 0, 1, CLONE_NEWUSER), (0x06, 0, 0, eperm), (0x20, 0, 0, 0)]
    socket, connect = (41, 42) if column == 0 else (198, 203)
    families = (1, 2, 10, 16) if network else (1,)  # Unix; internet; the list of interfaces
    n = len(families)
    steps += [(0x15, 0, n + 3, socket), (0x20, 0, 0, 16)]
    steps += [(0x15, n - k, 0, family) for k, family in enumerate(families)]
    steps += [(0x06, 0, 0, eperm), (0x20, 0, 0, 0)]
    if not network:  # Landlock lets everybody talk to the Unix sockets of the neighbours
        steps += [(0x15, 0, 1, connect), (0x06, 0, 0, eperm)]
    steps.append((0x06, 0, 0, allow))
    code = b"".join(struct.pack("<HBBI", *s) for s in steps)
    program = ctypes.create_string_buffer(code)
    head = struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(program))
    buffer = ctypes.create_string_buffer(head)
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(buffer))


def landlock_version() -> int:
    """The version of Landlock in this system's kernel, 0 when there is none."""
    try:
        return max(0, _libc().syscall(444, None, ctypes.c_size_t(0), 1))
    except (OSError, AttributeError):
        return 0


def without(hidden: list[str], folders: list[str]) -> list[str]:
    """Paths that together are these folders without what is hidden in them: Landlock can only allow."""
    found = []
    for folder in folders:
        inside = [h for h in hidden if h.startswith(folder.rstrip("/") + "/")]
        if folder in hidden:
            continue
        found += without(inside, [str(path) for path in Path(folder).iterdir()]) if inside else [folder]
    return found


def restrict_files(readable: list[str], writable: list[str]) -> None:
    """Landlock: these folders and nothing else; no TCP and no signals to the outside where the system knows how."""
    libc, version = _libc(), landlock_version()
    files = (1 << (13 if version < 2 else 14 if version < 3 else 15)) - 1
    if version >= 5:
        files |= 1 << 15
    network = 3 if version >= 4 else 0
    scope = 3 if version >= 6 else 0
    attributes = struct.pack("<QQQ", files, network, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(444, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    read = 1 | 4 | 8  # execute, read file, read folder
    rules = [(p, read | (2 if p in DEVICES else 0)) for p in readable] + [(p, files) for p in writable]
    for path, allowed in rules:
        if not Path(path).exists():
            continue
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if not Path(path).is_dir():
            allowed &= 1 | 2 | 4
        rule = struct.pack("<Qi", allowed & files, handle)
        _check(libc.syscall(445, ruleset, 1, rule, 0), f"landlock {path}")
        os.close(handle)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _check(libc.syscall(446, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def bubblewrap_works() -> bool:
    """Whether bubblewrap can make a namespace here at all."""
    try:
        line = ["bwrap", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--cap-add", "ALL", "true"]
        line[1:1] = [] if os.geteuid() == 0 else ["--unshare-user"]
        return subprocess.run(line, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
