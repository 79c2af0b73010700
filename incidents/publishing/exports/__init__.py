"""A snapshot as a file: Markdown, one self-contained page, PDF, Word, JSON. Made from what is public, nothing else."""
