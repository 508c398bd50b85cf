"""The one error that users see: a plain sentence with the file, the value and what is allowed."""


class C3Error(Exception):
    """A mistake in the input that the user can mend; scripts print its sentence and exit with 1."""
