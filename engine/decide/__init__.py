"""Facts -> outcome with reasons: filing -> slots -> program -> picture -> answer."""
