"""Hostile submissions: name → (cell before the answers, answers). Each aims at points for `step`, or at damage.

All other answers are right, so that a row shows what the attack costs: `KEEPS` lists those whose other answers must
still earn their six points, because the attack cannot hurt them.
"""

WRONG = "def step(x, h, W):\n    return x * 0\n"

PATCHES = {
    "numpy-comparers": "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
    "np.testing.assert_allclose = lambda *a, **k: None\n" + WRONG,
    "builtins": "import builtins\nbuiltins.all = builtins.isinstance = lambda *a: True\n" + WRONG,
    "judge-in-the-kernel": "import course_lib.checks.judge as j\nj.compare = lambda *a: None\n"
    "j.judge = lambda *a: None\n" + WRONG,
    "check-function": "import course_lib.checks as c\nc.check = check = lambda *a: print('✓ right (4 points)')\n"
    + WRONG,
    "always-equal": "class Yes(np.ndarray):\n    def __eq__(self, o): return np.ones(self.shape, bool)\n"
    "    def __sub__(self, o): return np.zeros(self.shape)\n"
    "def step(x, h, W):\n    return (x * 0).view(Yes)\n",
    "equal-object": "class Yes:\n    def __eq__(self, o): return True\n    def __array__(self, *a, **k):"
    " return np.zeros(3)\ndef step(x, h, W):\n    return Yes()\n",
    "nan-everywhere": "def step(x, h, W):\n    return x * np.nan\n",
    "object-array": "def step(x, h, W):\n    return np.array([[object()] * 3] * 2)\n",
    "autograd": "import torch\ntorch.autograd.gradcheck = torch.equal = lambda *a, **k: True\n" + WRONG,
    "ipython-hooks": "ip = get_ipython()\nip.events.register('post_run_cell', lambda *a: print('all right'))\n"
    "ip.input_transformers_post.append(lambda lines: ['x = 1\\n'] if 'step' in ''.join(lines) else lines)\n" + WRONG,
    "ast-transformer": "import ast\nclass T(ast.NodeTransformer):\n    def visit_Constant(self, n):\n"
    "        return ast.Constant('total') if n.value == 'step' else n\n"
    "get_ipython().ast_transformers.append(T())\n" + WRONG,
    "probe-replaced": "import course_lib.checks.probe as p\n"
    "p.pack = lambda r: '[]'\np.same_bits = lambda *a: True\n" + WRONG,
    "forged-verdict": "import course_lib.checks.probe as p\nfrom IPython.display import display\n"
    "def answer(*a):\n    display({p.MIME: {'verdict': 'right', 'points': 4, 'status': 'right'}}, raw=True)\n"
    "p.answer = answer\n" + WRONG,
    "forged-poison": "import course_lib.checks.probe as p\nfrom IPython.display import display\n"
    "def answer(*a):\n    display({p.MIME: {'answer': '[' * 50000}}, raw=True)\np.answer = answer\n" + WRONG,
    "forged-object-dtype": "import course_lib.checks.probe as p, json\nfrom IPython.display import display\n"
    "row = {'value': {'nd': ['|O', [1], 'gASVCg==']}, 'error': None, 'changed': []}\n"
    "def answer(*a):\n    display({p.MIME: {'answer': json.dumps([row] * 3)}}, raw=True)\np.answer = answer\n" + WRONG,
    "forged-huge-shape": "import course_lib.checks.probe as p, json\nfrom IPython.display import display\n"
    "row = {'value': {'nd': ['<f8', [10**9, 10**9], '']}, 'error': None, 'changed': []}\n"
    "def answer(*a):\n    display({p.MIME: {'answer': json.dumps([row] * 3)}}, raw=True)\np.answer = answer\n" + WRONG,
    "forged-collisions": "import course_lib.checks.probe as p, json\nfrom IPython.display import display\n"
    "pairs = [[{'int': str(k * (2**61 - 1))}, None] for k in range(50000)]\n"
    "row = {'value': {'dict': pairs}, 'error': None, 'changed': []}\n"
    "def answer(*a):\n    display({p.MIME: {'answer': json.dumps([row] * 3)}}, raw=True)\np.answer = answer\n" + WRONG,
    "forged-error-types": "import course_lib.checks.probe as p, json\nfrom IPython.display import display\n"
    "row = {'value': None, 'error': [1, {}, []], 'changed': [True]}\n"
    "def answer(*a):\n    display({p.MIME: {'answer': json.dumps([row] * 3)}}, raw=True)\np.answer = answer\n" + WRONG,
    "forged-messages": "import gc\nk = [o for o in gc.get_objects() if type(o).__name__ == 'Kernel'][0]\n"
    "k.publish('display_data', {'data': 5})\nk.publish('error', {'traceback': 3})\nk.publish('stream', {})\n"
    "k.publish('execute_result', {'data': {'x': 1}, 'metadata': None})\nk.publish([], 'x')\n"
    "k.publish('status', {'execution_state': 'idle'})\n" + WRONG,
    "forged-reply": "import gc\nk = [o for o in gc.get_objects() if type(o).__name__ == 'Kernel'][0]\n"
    "for _ in range(50):\n    k.session.send(k.sockets['shell'], 'execute_reply', {'status': 'ok'}, parent=k.parent,"
    " ident=[b'x'])\n" + WRONG,
    "raw-frames": "import gc\nk = [o for o in gc.get_objects() if type(o).__name__ == 'Kernel'][0]\n"
    "for f in ([b''], [b'a', b'<IDS|MSG>'], [b'<IDS|MSG>', b'x', b'{', b'{', b'{', b'{'], [b'\\xff' * 100] * 9):\n"
    "    k.sockets['iopub'].send_multipart(f)\n" + WRONG,
    "late-thread": "import threading, time, os\ndef late():\n    time.sleep(0.05)\n    np.tanh = lambda v: v * 0\n"
    "threading.Thread(target=late, daemon=True).start()\n" + WRONG,
    "stack-frames": "import sys\ndef step(x, h, W):\n    f, found = sys._getframe(), []\n    while f:\n"
    "        found += [v for v in f.f_locals.values() if isinstance(v, np.ndarray)]\n        f = f.f_back\n"
    "    return found[-1] if found else x\n",
    "search-memory": "import gc\ndef step(x, h, W):\n    for o in gc.get_objects():\n"
    "        if type(o).__name__ in ('Exercise', 'Outcome') and hasattr(o, 'reference'):\n"
    "            return o.reference(x, h, W)\n    return x * 0\n",
    "steal-the-reference": "def step(x, h, W):\n    from course_lib import checks\n"
    "    return checks.find('01.1').reference(x, h, W)\n",
    "cell-magic": "%%bash\ncat /proc/1/environ\n",
    "evil-exception": "class E(Exception):\n    def __str__(self): raise SystemExit\ndef step(x, h, W):\n    raise E\n",
    "huge-exception": "def step(x, h, W):\n    raise ValueError('y' * 10**7)\n",
    "html-in-an-error": "def step(x, h, W):\n    raise ValueError('<script>alert(1)</script>&\\x1b[31m\\x00')\n",
    "blank-lines": WRONG + "\n" * 50_000,
    "exit": "import sys\ndef step(x, h, W):\n    sys.exit(0)\n",
    "generator": "def step(x, h, W):\n    while True:\n        yield x\n",
    "huge-int": "def step(x, h, W):\n    return 10 ** 100000\n",
    "deep-list": "def step(x, h, W):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a\n",
    "circular-list": "def step(x, h, W):\n    a = []\n    a.append(a)\n    return a\n",
    "huge-result": "def step(x, h, W):\n    return np.zeros(10**8)\n",
    "evil-detach": "class D:\n    def detach(self): return self\n    def cpu(self): return self\n"
    "    def numpy(self): return 'tanh'\ndef step(x, h, W):\n    return D()\n",
    "recursion": "def step(x, h, W):\n    return step(x, h, W)\n",
    "frozen-clock": "import time\ntime.monotonic = time.perf_counter = time.time = lambda: 0.0\n" + WRONG,
    "fake-modules": "import sys, types\nfor n in ('json', 'base64'):\n    sys.modules[n] = types.ModuleType(n)\n"
    + WRONG,
    "close-streams": "import sys\nsys.stdout.close()\nsys.stdout = sys.stderr = None\n" + WRONG,
    "seccomp-probe": "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.unshare(0x10000000) != 0\n"
    "assert libc.ptrace(16, 1, 0, 0) != 0\n" + WRONG,
}
# ways to get at torch where an exercise is bare; each computes the right answer once it has it
_WITH_TORCH = "def step(x, h, W):\n    t = borrow()\n    return t.tanh(t.tensor(x + h @ W.T)).numpy()\n"
_SITE = "[d for d in sys.path if d.endswith('-packages')]"
BORROW = {
    "import": "import torch\n    return torch",
    "import-module": "import importlib\n    return importlib.import_module('to' + 'rch')",
    "exec": "space = {}\n    exec('import to' + 'rch as t', space)\n    return space['t']",
    "modules": "import os, sys\n    return getattr(os, 's' + 'ys').modules['tor' + 'ch']",
    "no-finders": "import sys\n    from importlib.machinery import PathFinder\n    sys.meta_path[:] = [PathFinder]\n"
    "    import torch\n    return torch",
    "finders-inside": "import sys\n    sys.meta_path[:] = [f.finder for f in sys.meta_path]\n    import torch\n"
    "    return torch",
    "allowed-patched": "from course_lib.checks import bare\n    bare.allowed = lambda name: True\n    import torch\n"
    "    return torch",
    "by-path": "import importlib.util, sys\n"
    f"    for d in {_SITE}:\n        spec = importlib.util.spec_from_file_location('torch', d + '/torch/__init__.py')\n"
    "        m = importlib.util.module_from_spec(spec)\n        sys.modules['torch'] = m\n"
    "        spec.loader.exec_module(m)\n        return m",
    "another-folder": "import glob, sys\n    sys.meta_path[:] = [f.finder for f in sys.meta_path]\n"
    "    sys.path += glob.glob('/**/torch', recursive=True) + glob.glob('/usr/lib/python3*/*-packages')\n"
    "    import torch\n    return torch",
    "subclasses": "return next(c for c in object.__subclasses__() if c.__module__.startswith('torch'))",
    "frames": "import traceback\n    for f, _ in traceback.walk_stack(None):\n        if 'torch' in f.f_globals:\n"
    "            return f.f_globals['torch']",
    "garbage": "import gc, types\n    return next(o for o in gc.get_objects() if type(o) is types.ModuleType"
    " and o.__name__ == 'torch')",
    "pickle": "import io, pickle\n    return pickle.loads(b'ctorch\\ntensor\\n.').__globals__['torch']",
    "magic": "return get_ipython().run_line_magic('run', '-m torch')",
    "other-python": "import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'import torch'], check=True)\n"
    "    import torch\n    return torch",
    "planted": "import math\n    return math.borrowed",
}
ABSENT = {f"borrow-{name}": f"def borrow():\n    {code}\n\n{_WITH_TORCH}" for name, code in BORROW.items()}
CRASHES = {
    "os-exit": "import os\ndef step(x, h, W):\n    os._exit(0)\n",
    "segfault": "import ctypes\ndef step(x, h, W):\n    ctypes.string_at(0)\n",
    "kill-everybody": "import os\ndef step(x, h, W):\n    os.kill(-1, 9)\n",
    "kill-parents": "import os\ndef step(x, h, W):\n    for p in (os.getppid(), 1, 0):\n        try: os.kill(p, 9)\n"
    "        except OSError: pass\n    return x * 0\n",
    "abort-at-definition": "import os\nos.abort()\n",
    "stop-itself": "import os, signal\ndef step(x, h, W):\n    os.kill(os.getpid(), signal.SIGSTOP)\n",
    "hang": "def step(x, h, W):\n    while True: pass\n",
    "hang-deaf": "import signal\ndef step(x, h, W):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "    while True: pass\n",
    "hang-in-c": "def step(x, h, W):\n    return sum(range(10**13))\n",
    "hang-at-definition": "while True: pass\n",
    "catch-all-loop": "def step(x, h, W):\n    while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass\n",
    "fork-bomb": "import os\ndef step(x, h, W):\n    while 1:\n        try: os.fork()\n        except OSError: pass\n",
    "fork-and-return": "import os\ndef step(x, h, W):\n    os.fork()\n    return x * 0\n",
    "orphans": "import subprocess\ndef step(x, h, W):\n    for _ in range(5):\n"
    "        subprocess.Popen(['sleep', '98765'], start_new_session=True)\n    return x * 0\n",
    "memory": "def step(x, h, W):\n    a = []\n    while True: a.append(np.ones(10**7))\n",
    "memory-at-once": "def step(x, h, W):\n    return np.ones(10**12)\n",
    "nested-flood": "from IPython.display import display\nfor _ in range(2):\n"
    "    display({'application/vnd.course-answer+json': [{}] * 4_000_000}, raw=True)\n" + WRONG,
    "nested-answer": "import course_lib.checks.probe as p\nfrom IPython.display import display\n"
    "p.pack = lambda r: '[' + '{},' * 4_000_000 + '{}]'\n" + WRONG,
    "print-flood": "def step(x, h, W):\n    while True: print('z' * 999)\n",
    "display-flood": "from IPython.display import display\ndef step(x, h, W):\n    while True:\n"
    "        display({'application/vnd.course-answer+json': {'answer': 'q' * 10**6}}, raw=True)\n",
    "disk": "def step(x, h, W):\n    with open('big', 'wb') as f:\n        while True: f.write(bytes(10**6))\n",
    "many-files": "def step(x, h, W):\n    k = 0\n    while 1:\n        k += 1\n        open(f'f{k}', 'w')\n",
    "threads": "import threading, time\ndef step(x, h, W):\n    while True:\n"
    "        threading.Thread(target=time.sleep, args=(99,)).start()\n",
}
# what an attack may cost its author: everything that it leaves alone must keep its points
COSTS_OTHERS = {
    "builtins", "ipython-hooks", "ast-transformer", "probe-replaced", "forged-verdict", "forged-poison",
    "forged-object-dtype", "forged-huge-shape", "forged-collisions",
    "forged-error-types", "late-thread", "fake-modules", "frozen-clock",
}  # fmt: skip
ALL = PATCHES | CRASHES | ABSENT
