"""The judge: what is right, which bug is named, what an unknown bug is told; and the probe's plain data."""

import dataclasses
import json
import signal
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib import checks
from course_lib.checks import probe
from course_lib.checks.exercise import Case, Exercise, Slip
from course_lib.checks.judge import judge
from course_lib.checks.probe import Outcome, Seed, Source
from course_lib.checks.recognise import right_outcome


def affine(x, b):
    return 2 * x + b


def cases(rng):
    return [
        Case("usual sizes", (rng.normal(size=(3, 2)), rng.normal(size=2))),
        Case("b = 0", (rng.normal(size=(3, 2)), np.zeros(2)), easy=True, look="look at the bias"),
    ]


TASK = Exercise(
    "99.1",
    "affine",
    2,
    cases,
    outputs=("y",),
    slips=(
        Slip("bias forgotten", ("set x to 0", "count the arguments"), wrong=lambda x, b: 2 * x),
        Slip("always fails", ("a", "b"), wrong=lambda x, b: 1 / 0),
    ),
    right=affine,
    arguments="left",
)


def say(answer, task=TASK):
    drawn = task.draw(0)
    return judge(task, drawn, probe.outcomes(answer, [c.args for c in drawn], task.is_value))


def test_a_listed_bug_is_named_and_an_unlisted_one_gets_its_fingerprint():
    assert say(lambda x, b: 2 * x).misconception == "bias-forgotten"
    unknown = say(lambda x, b: 2 * x - b)
    assert unknown.misconception is None
    assert unknown.message.endswith("Right when b = 0: look at the bias")


@pytest.mark.parametrize(
    ("value", "answer", "told"), [(3, 4, "got 4"), ({"a": 1.5, "b": 2}, {"a": 7.25, "b": 2}, "['a'] got 7.25")]
)
def test_a_wrong_value_is_told_without_the_right_one(value, answer, told):
    one = [Case("the answer")]
    task = dataclasses.replace(TASK, right=value, slips=(), outputs=(), cases=lambda rng: one)
    verdict = say(answer, task)
    assert verdict.message.endswith(told)
    assert verdict.expected == ""


def test_two_slips_at_once_are_both_named():
    def fails_for_no_bias(x, b):
        return np.full_like(x, np.nan) if not b.any() else affine(x, b)

    both = Slip("fails without a bias", ("c", "d"), wrong=fails_for_no_bias)
    task = dataclasses.replace(TASK, slips=(*TASK.slips, both))
    verdict = say(lambda x, b: 2 * x if b.any() else np.full_like(x, np.nan), task)
    assert verdict.misconception == "bias-forgotten+fails-without-a-bias"
    assert verdict.hints == ("set x to 0", "count the arguments", "c", "d")
    assert say(lambda x, b: 3 * x if b.any() else np.full_like(x, np.nan), task).misconception is None


def test_equal_errors_alone_accuse_nobody():
    verdict = say(lambda x, b: [].missing if False else 1 / 0)
    assert (verdict.status, verdict.misconception) == ("error", None)
    assert verdict.message.startswith("raised ZeroDivisionError")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda x, b: (2 * x + b)[:2], "expected shape (3, 2), got (2, 2)"),
        (lambda x, b: 2 * x + b + 1e-2, "6 of 6 entries differ"),
        (lambda x, b: (2 * x + b) * np.nan, "6 of 6 entries are not finite"),
        (lambda x, b: "text", "expected numbers"),
        (lambda x, b: (affine(x, b), 3), "expected numbers of shape (3, 2), got 2 items of different shapes"),
        (lambda x, b: 3.0, "expected shape (3, 2), got one number"),
        (lambda x, b: affine(x, b) * (1 + 2e-4), "differ (input: usual sizes)"),
        (lambda x, b: None, "gives None: is its `return` missing?"),
        (lambda x, b: affine, "expected numbers, got function"),
        (lambda x, b: np.array([1, "a", object()], dtype=object), "expected numbers"),
        (lambda x, b: exec("raise SystemExit(0)"), "raised SystemExit"),
        ("no function", "expected a function, got str: hand in its name alone, without brackets or quotes"),
    ],
)
def test_a_wrong_result_is_described(answer, told):
    verdict = say(answer)
    assert verdict.points == 0
    assert told in verdict.message


def test_nothing_handed_over_is_blank():
    assert say(...).status == "blank"


def doubled_in_place(x, b):
    x *= 2
    return x + b


@pytest.mark.parametrize(
    ("arguments", "points", "message"),
    [
        (
            "left",
            0,
            "the result is right, but your code changes `x`, which you are asked to leave alone: work on a copy",
        ),
        ("noted", 2, "right on all 3 inputs; note: your code changes `x`, work on a copy if you need it later"),
        ("free", 2, "right on all 3 inputs"),
    ],
)
def test_a_changed_argument_loses_only_where_the_statement_asks_to_leave_it(arguments, points, message):
    verdict = say(doubled_in_place, dataclasses.replace(TASK, arguments=arguments))
    assert (verdict.points, verdict.message) == (points, message)


@pytest.mark.parametrize("arguments", ["left", "noted", "free"])
def test_a_changed_argument_hides_no_slip(arguments):
    def bias_forgotten(x, b):
        x *= 2
        return x

    verdict = say(bias_forgotten, dataclasses.replace(TASK, arguments=arguments))
    too, key = ("; and also: your code changes `x`", "+your-code-changes-x") if arguments == "left" else ("", "")
    assert (verdict.misconception, verdict.message) == ("bias-forgotten" + key, f"this looks like: bias forgotten{too}")


def test_an_unknown_field_of_arguments_is_refused():
    with pytest.raises(ValueError, match=r"99\.1 arguments: expected left, noted or free, got 'leave'"):
        dataclasses.replace(TASK, arguments="leave")


@dataclasses.dataclass
class Held:
    inside: object


@pytest.mark.parametrize(
    ("result", "shared"),
    [
        (lambda x, b: x, (0,)),
        (lambda x, b: [3, {"k": (b[None], x)}], (0, 1)),
        (lambda x, b: Held(x[::-1].T), (0,)),
        (lambda x, b: {"k": b}.values(), (1,)),
        (lambda x, b: torch.from_numpy(x), (0,)),
        (lambda x, b: np.array([b, None], dtype=object)[:1], (1,)),
        (lambda x, b: (x.copy(), 1 * b, x[0, 0], "x", None, x.tolist()), ()),
    ],
)
def test_a_result_in_the_memory_of_an_argument_is_seen_wherever_it_hides(result, shared):
    assert probe.call(result, (np.ones((3, 2)), np.zeros(2))).shared == shared


def test_a_result_that_holds_itself_is_told_at_once():
    def endless(x, b):
        rows = []
        rows += [rows] * 1000
        return rows

    assert "nested more than" in probe.call(endless, (np.ones(1), np.ones(1))).error[1]


def test_an_argument_handed_back_loses_only_where_new_arrays_are_asked():
    task = of_one_case(lambda x: x + 0)
    assert say(lambda x: x, task).points == 1
    verdict = say(lambda x: x, dataclasses.replace(task, new=True))
    told = "the result is right, but your code hands back `x` itself, or a part of it: return new arrays"
    assert (verdict.points, verdict.message, verdict.hints) == (0, told, ())
    assert say(lambda x: x.copy(), dataclasses.replace(task, new=True)).points == 1


def test_a_module_that_is_not_there_is_the_whole_message():
    told = "torch is not there in this exercise: NumPy only"

    def answer(x, b):
        if b.any():
            raise ModuleNotFoundError(told)
        return 2 * x

    verdict = say(answer)
    assert (verdict.status, verdict.message, verdict.misconception, verdict.hints) == ("error", told, None, ())
    assert say(lambda x, b: exec("import absent_1")).message.startswith("raised ModuleNotFoundError: No module named")


class AlwaysEqual(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(1)


def test_a_subclass_that_equals_everything_is_read_as_its_numbers():
    assert say(lambda x, b: np.zeros((3, 2)).view(AlwaysEqual)).points == 0
    assert say(lambda x, b: affine(x, b).view(AlwaysEqual)).points == 2


def test_functions_and_generators_travel_as_text():
    square = probe.call(lambda f, rng: f(rng.integers(5, 6)), (Source("lambda v: v ** 2"), Seed(3)))
    assert square.value == 25


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain | hnp.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.bool_]), hnp.array_shapes(min_side=0)))
def test_what_is_encoded_comes_back(value):
    back = probe.decode(json.loads(json.dumps(probe.encode(value))))
    assert probe.encode(back) == probe.encode(value)
    assert type(back) is type(value)


@given(st.fractions(-(10**6), 10**6) | st.decimals(-(10**6), 10**6, allow_nan=False))
def test_an_exact_number_counts_as_a_number(value):
    assert probe.decode(probe.encode(value)) == float(value)
    assert probe.decode(probe.encode([[value]])) == [[float(value)]]


@pytest.mark.parametrize("value", [Fraction(10**400), Decimal("sNaN")])
def test_an_exact_number_that_no_float_can_hold_is_told(value):
    with pytest.raises(probe.WrongForm, match="that a float can hold"):
        probe.encode(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[1]",
        '[{"value": {"nd": ["|O", [1], "AAAA"]}, "error": null, "changed": [], "shared": []}]',
        '[{"value": {"nd": ["<f8", [9999999], "AAAA"]}, "error": null, "changed": [], "shared": []}]',
        '[{"value": {"nd": ["<f8", [-1], ""]}, "error": null, "changed": [], "shared": []}]',
        '[{"value": {"pickle": "gASV"}, "error": null, "changed": [], "shared": []}]',
        '[{"value": 1e400, "error": null, "changed": [], "shared": []}]',
        '[{"value": null, "error": ["a"], "changed": [], "shared": []}]',
        '[{"value": null, "error": null, "changed": ["x"], "shared": []}]',
        '[{"value": null, "error": null, "changed": [], "shared": [-1]}]',
        '[{"value": null, "error": null, "changed": [], "shared": [true]}]',
        '[{"value": null, "error": null, "changed": [1, 1], "shared": []}]',
        '[{"value": null, "error": null, "changed": [1000], "shared": []}]',
        '[{"value": null, "error": null, "changed": []}]',
        '[{"value": ' + '{"list": [' * 50 + "]}" * 50 + ', "error": null, "changed": [], "shared": []}]',
    ],
)
def test_forged_data_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        probe.unpack(text, 1)


def test_packed_outcomes_come_back():
    rows = [Outcome(np.arange(3.0), None, (1,), (0, 2)), Outcome(None, ("ValueError", "no", "f(x)"))]
    forged = json.dumps([{"value": None, "error": ["A\n10 of 10", "b\r\u2028", "c"], "changed": [], "shared": []}])
    assert probe.unpack(forged, 1)[0].error == ("A 10 of 10", "b ", "c")
    back = probe.unpack(probe.pack(rows), 2)
    assert back[1] == rows[1]
    assert (back[0].value == rows[0].value).all()
    assert (back[0].changed, back[0].shared) == ((1,), (0, 2))


def test_unknown_exercises_are_named():
    with pytest.raises(LookupError, match="lesson: expected one of"):
        checks.find("77.1")


def test_one_more_hint_at_each_wrong_try_and_progress_survives_torn_lines(capsys, monkeypatch, tmp_path):
    from course_lib.checks import progress

    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.setattr(checks, "lesson", lambda _: (TASK,))
    checks.check("99.1", lambda x, b: 2 * x - b)  # another mistake: it opens no hint of the next
    capsys.readouterr()
    for k in (1, 2, 2):
        checks.check("99.1", lambda x, b: 2 * x)
        assert f"Hint {k} of 2" in capsys.readouterr().out
        with (tmp_path / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"torn\n')
    checks.check("99.1", affine)
    told = "✓ 99.1 affine: right on all 3 inputs (2 points)\n  Lesson 99 is done\n"
    assert capsys.readouterr().out == told
    assert progress.tries("99.1", "bias-forgotten") == 0
    checks.check("99.1", lambda x, b: 2 * x)  # broken again, to see what happens
    assert progress.earned(TASK) == 2
    assert progress.earned(dataclasses.replace(TASK, name="renamed")) == 0  # the same number, another exercise


def test_odd_objects_are_data_or_an_error_never_a_crash():
    class Mute(Exception):
        def __str__(self):
            raise ValueError

    def raises(x, b):
        raise Mute

    assert say(raises).message.startswith("raised Mute")
    assert say(lambda x, b: affine(x, b).astype(object)).points == 2
    rows = np.empty(3, dtype=object)

    def in_rows(x, b):
        rows[:] = list(affine(x, b))
        return rows

    assert say(in_rows).points == 2


def test_an_argument_put_back_up_to_rounding_is_unchanged_and_a_changed_one_gets_no_fingerprint():
    def nudged(x, b):
        y = affine(x, b)
        x += 0.1
        x -= 0.1
        return y

    def kept(x, b):
        y = affine(x, b)
        b += 1
        return y if b.all() else y

    assert say(nudged).points == 2
    assert say(kept).message.startswith("the result is right, but your code changes `b`, ")


def test_a_fingerprint_misleads_nobody():
    def wrong_when_b_is_0(x, b):
        return affine(x, b) + (not b.any())

    assert say(wrong_when_b_is_0).message.endswith("(input: b = 0). Right on usual sizes")
    easy = [Case(f"easy {k}", (np.ones(1), k * np.ones(1)), easy=True, look=f"look at {k}") for k in range(3)]
    hard = Case("hard", (np.ones(1), -np.ones(1)))
    task = dataclasses.replace(TASK, cases=lambda rng: [hard, *easy], draws=1)
    answer = lambda x, b: 2 * x + abs(b)  # noqa: E731
    assert say(answer, task).message.endswith(". Right when easy 0; easy 1; easy 2")
    task = dataclasses.replace(task, cases=lambda rng: [hard, *easy[1:]])
    assert say(answer, task).message.endswith(". Right when easy 1; easy 2: look at 1, and look at 2")


def test_a_pair_of_slips_holds_none_that_would_spoil_a_right_result():
    def three(x, b):
        return 2 * x, 3 * x, x + b

    def parts(*wrong):
        return lambda x, b: tuple(-v if k in wrong else v for k, v in enumerate(three(x, b)))

    slips = tuple(Slip(f"slip {w}", ("a", "b"), wrong=parts(*w)) for w in ((0, 1), (2,), (0,)))
    task = dataclasses.replace(TASK, right=three, outputs=("p", "q", "r"), slips=slips)
    assert say(parts(0, 2), task).message == "this looks like: slip (2,); and also: slip (0,)"


def test_a_learners_seterr_does_not_stop_the_reference():
    task = dataclasses.replace(TASK, right=lambda x, b: 2 * x + b + 0 * np.log1p(-np.exp(np.array([-800.0, -1.0]))))
    with np.errstate(all="raise"):
        assert say(affine, task).points == 2


def test_a_seterr_in_one_answer_does_not_stop_the_next():
    def strict(x, b):
        np.seterr(all="raise")
        return affine(x, b)

    def underflows(x, b):
        return affine(x, b) + np.exp(np.full_like(x, -800.0))

    before = np.geterr()
    assert say(strict).points == 2
    assert np.geterr() == before
    with np.errstate(all="raise"):  # a cell of the learner's own
        assert say(underflows).points == 2


def test_what_an_answer_yields_is_read_as_a_list_and_has_an_end():
    import itertools

    assert say(lambda x, b: (row for row in affine(x, b))).points == 2
    assert say(lambda x, b: dict(enumerate(affine(x, b))).values()).points == 2
    assert "more than" in say(lambda x, b: itertools.count()).message


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarm on this system")
def test_a_loop_without_end_is_stopped_where_one_studies(monkeypatch):
    def endless(x):
        while True:
            x = x + 1

    task = Exercise(
        "00.1", "f", 1, lambda rng: [Case("one", (1.0,)), Case("two", (2.0,))], right=lambda x: x, seconds=0.2
    )
    monkeypatch.setattr(checks, "find", lambda _: task)
    before = signal.getsignal(signal.SIGALRM)
    verdict = checks.study("00.1", endless)
    assert (verdict.status, verdict.points) == ("error", 0)
    assert "takes more than 0.2 s" in verdict.message
    assert "x = x + 1" in verdict.message or "while True" in verdict.message
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_alarm_is_not_kept_as_the_reference_s_result(monkeypatch):
    task = Exercise("00.1", "f", 1, lambda rng: [Case("one", (1.0,))], right=lambda x: x)
    case = task.draw(0)[0]
    with monkeypatch.context() as patched:
        patched.setattr(probe, "call_ours", lambda *_: Outcome(error=("TimeoutError", "too long", "")))
        with pytest.raises(TimeoutError):
            right_outcome(task, case)
    assert right_outcome(task, case).value == 1.0


def of_one_case(reference, *outputs):
    return Exercise("00.1", "f", 1, lambda rng: [Case("one", (rng.normal(size=3),))], outputs, right=reference)


@pytest.mark.parametrize(
    ("reference", "answer", "told"),
    [
        (lambda x: x > 9, lambda x: x < 9, "got True, expected False at [0], 3 of 3 entries differ (input: one)"),
        (lambda x: 21.59541, lambda x: 21.6, "got 21.6, expected 21.59541 (input: one)"),
        (lambda x: 21.6, lambda x: (21.6, x), "expected one number, got 2 items of different shapes (input: one)"),
        (lambda x: 21.6, lambda x: np.full(1, 21.6), "expected one number, got an array of shape (1,) (input: one)"),
        (lambda x: None, lambda x: [x], "expected None, got ["),
        (lambda x: x, lambda x: of_one_case, "expected numbers, got function"),
        (lambda x: x, lambda x: [].remove(1) if 0 else next(iter([])), "raised StopIteration, at "),
        ({"a": "b"}, of_one_case, "expected a value, got a function"),
        ({"a": "b"}, {"a": "…"}, "not answered yet"),
        ({"a": 1, "b": 2}, {"a": ..., "b": ...}, "not answered yet"),
    ],
)
def test_a_message_says_what_it_means(reference, answer, told):
    assert say(answer, of_one_case(reference, "f")).message.startswith(told)


def test_results_by_name_or_in_a_dataclass_are_results_and_in_another_order_they_are_told():
    @dataclasses.dataclass
    class Both:
        double: np.ndarray
        square: np.ndarray

    def both(x):
        return 2 * x, x**2

    task = of_one_case(both, "double", "square")
    assert say(lambda x: Both(*both(x)), task).points == 1
    assert say(lambda x: {"square": x**2, "double": 2 * x}, task).points == 1
    assert say(lambda x: {"double": 2 * x}, task).message.startswith("expected 2 results (double, square), got a dict")
    swapped = say(lambda x: (x**2, 2 * x), task)
    assert swapped.message == "this looks like: the right results in another order; asked are double, square"
    assert swapped.points == 0
    assert say(lambda x: (x**2, 3 * x), task).misconception is None


def test_luck_on_one_draw_of_two_is_no_fingerprint():
    calls = []

    def first_time(x, b):
        calls.append(x)
        return affine(x, b) + (len(calls) > 1)

    assert "right on" not in say(first_time).message.lower()
