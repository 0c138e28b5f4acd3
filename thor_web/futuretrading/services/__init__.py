"""The rules of this room, without request objects."""
