"""Looking at many answers at once: whole filings with what people expect of them, and changes that nobody would notice."""
