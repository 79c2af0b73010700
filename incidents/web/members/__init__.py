"""The page of people and their roles."""
