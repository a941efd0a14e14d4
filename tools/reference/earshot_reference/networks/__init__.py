"""The networks, one module each, what they share, and the selective scan of ASCMamba."""
