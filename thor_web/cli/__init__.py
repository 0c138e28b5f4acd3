"""The `thor` command. Each handler imports its own code, so that no command pays for another."""
