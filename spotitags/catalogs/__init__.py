"""Catalogues: sources of the albums of artists."""

from spotitags.catalogs.base import Catalog, ListableCatalog, Match, SearchableCatalog

__all__ = ["Catalog", "ListableCatalog", "Match", "SearchableCatalog"]
