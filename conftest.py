"""What the repository's own tests need at the root: the plugin that tests plugins, and their tiers."""

pytest_plugins = ("pytester", "tests.tiers")
