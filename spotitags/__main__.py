"""Entry point of ``python -m spotitags`` and of the console script."""

from spotitags.commands import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
