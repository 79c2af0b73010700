"""Comments and suggestions anchored to words of a text, which follow the words through later edits."""
