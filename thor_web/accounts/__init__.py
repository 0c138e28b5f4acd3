"""Who may do what: roles of people, keys of programs, logins."""
