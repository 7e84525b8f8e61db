"""The one exception a user can cause: its message says what is wrong, where, and how to mend it."""


class UserError(Exception):
    """A mistake outside the code (configuration, file, download); shown without a traceback."""
