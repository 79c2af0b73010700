"""How an attempt at a job ends other than by success. A WorkbenchError from a handler fails the job for good, with its
message; any other exception is tried again."""


class JobCancelled(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """Somebody asked for the end of this job."""


class LeaseLost(Exception):  # noqa: N818
    """Another worker holds this job now, or it is finished: this attempt must leave no trace."""
