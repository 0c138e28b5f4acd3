"""Makes the calendar files of data/markets. A development tool: only it imports exchange_calendars and holidays."""
