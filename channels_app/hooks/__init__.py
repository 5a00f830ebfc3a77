"""What providers tell us later, at `/hooks/{account_token}`: heard, kept, and handed to the conductor as reports."""
