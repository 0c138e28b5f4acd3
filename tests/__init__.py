"""Thor's tests. A package, so that another distribution that installs a top-level `tests` cannot stand in their way."""
