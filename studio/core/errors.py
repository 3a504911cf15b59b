"""The errors that a person can act on."""


class UserError(Exception):
    """Something a person can put right: what is wrong, and what to do about it.

    Both parts are whole sentences; `str()` is the two of them, ready to be shown.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)  # both parts, so that the error survives pickling
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class Cancelled(Exception):
    """The person asked for the work to stop; nothing went wrong."""
