"""How static files are stored: under names with a content hash, so that browsers keep them for ever, and compressed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names everywhere, in the imports between our own modules too.

    Django can rewrite such imports, but then in every script; those that packages bring may name what is not there.
    """

    # A module's name holds the hash of what it imports, so each step of the longest chain of imports takes a pass.
    max_post_process_passes = 16

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )
