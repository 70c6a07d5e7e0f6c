"""From scores to a loss: softmax and cross-entropy, with the gradient of the scores.

Derived in notebooks/02_prediction.ipynb.
"""

import numpy as np

from course_lib.nn._shapes import check_float_array

Array = np.ndarray


def softmax(logits: Array) -> Array:
    """p_k = exp(y_k) / sum_j exp(y_j) along the last axis, with the row's maximum taken off first.

    Example:
        >>> softmax(np.array([1000.0, 1000.0])).tolist()
        [0.5, 0.5]

    Derived in notebooks/02_prediction.ipynb.
    """
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """The mean of -log p[target] over all predictions, and its gradient (p - one_hot(target)) / number of predictions.

    Args: logits (..., V), targets (...) symbols 0 to V - 1.
    Returns: loss in nats, dlogits (..., V).
    Raises: ValueError for targets of another shape or symbols outside the alphabet.

    Example:
        >>> loss, dlogits = cross_entropy(np.zeros((1, 2)), np.array([0]))  # ln 2: two symbols, no idea
        >>> round(loss, 4), dlogits.tolist()
        (0.6931, [[-0.5, 0.5]])

    Derived in notebooks/02_prediction.ipynb.
    """
    check_float_array("logits", logits)
    _check_symbols("targets", targets, logits.shape[-1])
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets: expected {logits.shape[:-1]}, got {targets.shape}")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    dlogits = np.exp(log_p)
    at = (*np.indices(targets.shape), targets)
    dlogits[at] -= 1
    return float(-log_p[at].mean()), dlogits / targets.size


def _check_symbols(name: str, ids: Array, V: int) -> None:
    came = ids.dtype if isinstance(ids, np.ndarray) else type(ids).__name__
    if not isinstance(ids, np.ndarray) or ids.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected an array of whole numbers, got {came}")
    if ids.size == 0 or ids.min() < 0 or ids.max() >= V:  # a negative one would count from the end
        came = f"{ids.min()} to {ids.max()}" if ids.size else "none"
        raise ValueError(f"{name}: expected symbols 0 to {V - 1}, got {came}")
