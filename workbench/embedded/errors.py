"""What can go wrong while starting or keeping the embedded servers."""


class EmbeddedError(RuntimeError):
    """The message is one sentence for a person at a terminal, with the remedy in it."""
