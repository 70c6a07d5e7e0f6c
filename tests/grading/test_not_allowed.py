"""What an answer may not use is looked for in what it uses, not in whatever shares a name with its variables."""

import pytest

from course_lib.grading.graft import free_names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(xs):\n    dW = g(xs)\n    return dW", {"g"}),
        ("def f(xs):\n    return [h * w for h in xs]", {"w"}),
        ("f = lambda x: np.tanh(x)", {"np"}),
        ("def f(x):\n    def inner(y):\n        return x * y + z\n    return inner(x)", {"z"}),
        ("class A:\n    def f(self):\n        return torch.ones(1)", {"torch"}),
        ("a = b\nc = a", {"a", "b"}),
        ("def f(:", set()),
    ],
)
def test_local_variables_and_arguments_are_not_free(code, names):
    assert free_names(code) >= names
    assert not free_names(code) & {"xs", "dW", "h", "x", "y"}
