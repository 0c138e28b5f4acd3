"""The peers, each set up as its own documents recommend for speed. A module imports its library when it is used."""
