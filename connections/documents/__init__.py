"""Papers: what is a paper at all, handing one in, the verdict on it, and what waits while one is missing."""
