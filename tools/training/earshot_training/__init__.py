"""Training of Earshot's networks: recipes, one engine for all of them, export, experiments."""
