"""Tests of the numbers alone: nothing here may import Django."""
