"""Measurements that are run by hand; see `make bench`."""
