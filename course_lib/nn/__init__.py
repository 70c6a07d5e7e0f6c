"""The mathematics of the course, in reading order: cells, bptt, gradients, init, then layers and modules.

Submodules load when they are first named, so `import course_lib.nn` costs nothing and never imports torch.
"""

from importlib import import_module

_MODULES = ("cells", "bptt", "gradients", "init", "layers", "modules")


def __getattr__(name: str):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
