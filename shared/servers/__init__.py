"""The PostgreSQL and the Redis in use: our own, from the wheels, or those given by URL."""
