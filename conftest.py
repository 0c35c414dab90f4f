"""What the repository's own tests need at the root: nothing but the plugin that tests plugins."""

pytest_plugins = ("pytester",)
