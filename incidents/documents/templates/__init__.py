"""Which template a text begins from: those that come with the workbench, and those a product keeps itself."""
