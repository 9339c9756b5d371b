"""What the house knows of people: who sees it, how long it stays, and how it is handed out and erased."""
