"""The server side of Thor: web, merger, ingestor, world clock, lake and the command line."""
