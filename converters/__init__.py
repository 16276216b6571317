"""Sources to graphs. Each sub-package reads one kind of source."""
