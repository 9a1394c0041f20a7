"""Entry point at the top of the repository; the command line itself is `spotitags.commands`."""

from spotitags.commands import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
