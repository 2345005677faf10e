"""The product's own audit, under the name that tests know it by."""

from shared.database.audit import offences

__all__ = ["offences"]
