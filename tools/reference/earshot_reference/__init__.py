"""Reference implementation of Earshot's networks in PyTorch, and the tools around it."""
