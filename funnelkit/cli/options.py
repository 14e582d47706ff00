"""Options that more than one command has, and what the shell can complete."""

import click
from click.shell_completion import CompletionItem


class FunnelName(click.types.StringParamType):
    """The name of a funnel; completed from the project's definitions."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names that start with what is typed; none when the project cannot be read."""
        from funnelkit import api

        folder = getattr(ctx.find_root().obj, "project", ".")
        try:
            names = api.open(folder).funnel_names()
        except Exception:
            # A completion must never print into the line that is being typed.
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]
