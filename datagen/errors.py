"""Errors a user can act on: each says what happened, where, and what to do next; each knows its exit code."""


class DatagenError(Exception):
    """Something failed that is not a bug. `fix` is the next thing to do."""

    exit_code = 1

    def __init__(self, message: str, fix: str = ""):
        super().__init__(message)
        self.fix = fix


class UsageError(DatagenError):
    """Wrong usage, recipe or environment; nothing has started."""

    exit_code = 2


class TooManyBadInputs(DatagenError):
    """More than `max_errors` of a stage's inputs went to quarantine."""

    exit_code = 3


class VerificationError(DatagenError):
    """Published files are not what their manifest says."""

    exit_code = 4


class Interrupted(DatagenError):
    """The user pressed Ctrl-C."""

    exit_code = 130


class LeaseHeld(DatagenError):
    """Another live driver is writing this run."""


class LeaseLost(DatagenError):
    """Another driver took the run over; this one must stop writing."""


class InputError(Exception):
    """One bad input, raised by readers: `reason` is a code, `detail` a position or size, never document text."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self):
        return InputError, (self.reason, self.detail)
