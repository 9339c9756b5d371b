"""The events as evidence: written in chains, verified, and kept from being changed (docs/audit.md)."""
