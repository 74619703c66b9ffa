"""Version 1 of the routes, a file per noun."""
