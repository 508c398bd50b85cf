"""The one error that users see: a plain sentence with the file, the value and what is allowed."""


class C3Error(Exception):
    """A mistake in the input that the user can mend; scripts print its sentence and exit with 1."""

    def __str__(self) -> str:
        """One line, also where a value has line breaks."""
        return " ".join(super().__str__().splitlines())
