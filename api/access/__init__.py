"""Who may come in, and what they may do there: accounts, keys and sessions; one table of role, action and reach."""
