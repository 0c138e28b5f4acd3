"""Sources at the edge and the publisher. Runs on Windows; never imports Django, Postgres or thor_web."""
