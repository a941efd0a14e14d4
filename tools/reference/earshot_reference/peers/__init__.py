"""What other engines run of our networks when they are measured beside Earshot on a CPU."""
