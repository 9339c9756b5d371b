"""A Beckn network on one machine for trying things out: registry, gateway, buyer app, and the house itself.

For developing and testing only: everybody may register, everything is kept in memory, nothing is encrypted.
"""
