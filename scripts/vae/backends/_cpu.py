"""What backends have in common that compute by NumPy, which is always there."""


def unavailable() -> str | None:
    """Return None."""
    return None


def device() -> str:
    """Return "CPU"."""
    return "CPU"


def limit_threads(threads: int) -> None:
    """Hold BLAS, and the trainers made from now on, to a number of threads."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
