"""Optional help with wording from a language model; facts are locked, and everything works without it."""
