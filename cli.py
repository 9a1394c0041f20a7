"""Entry point at the top of the repository; the command line itself is `spotitags.commands`."""

if __name__ == "__main__":
    from spotitags.__main__ import main

    main()
else:
    from spotitags.commands import app, main

    __all__ = ["app", "main"]
