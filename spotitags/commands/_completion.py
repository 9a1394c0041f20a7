"""Completion of artists' names in the shell."""


def complete_name(incomplete: str) -> list[str]:
    """Complete the names of the bundled library's artists, whatever the case and accents of their beginning.

    The shell offers files if no name fits.
    """
    import os

    from spotitags.catalogs.artist_names import same_name
    from spotitags.catalogs.library.catalog import LibraryCatalog

    names = sorted(artist.name or "" for artist in LibraryCatalog().artists())
    length = len(incomplete)
    rests = [name[length:] for name in names if not length or same_name(name[:length], incomplete)]
    # bash inserts completions as they are; other shells quote them. Typer drops those that begin otherwise.
    bash = os.environ.get("_SPOTITAGS_COMPLETE", "").endswith("bash")
    return [incomplete + (_escaped(rest) if bash else rest) for rest in rests]


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_.,/" else f"\\{char}" for char in text)
