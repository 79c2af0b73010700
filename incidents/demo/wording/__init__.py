"""Words of the demo case's tickets: a small grammar and its phrase files."""
