"""What the HTTP interface answers with: the same classes on the server and in its client, which imports nothing else of ours."""
