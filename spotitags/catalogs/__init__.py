"""Catalogues: from an artist to its albums."""

from spotitags.catalogs.base import Catalog, ListableCatalog, Match, SearchableCatalog

__all__ = ["Catalog", "ListableCatalog", "Match", "SearchableCatalog"]
