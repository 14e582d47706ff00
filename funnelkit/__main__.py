"""`python -m funnelkit`: the command line."""

from funnelkit.cli import main

if __name__ == "__main__":
    main()
