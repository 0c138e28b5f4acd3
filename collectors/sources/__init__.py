"""One module a source. Each yields candidate events; the publisher validates and sends them."""
