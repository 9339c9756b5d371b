"""The house's own doors: who may log in, how often one may try, for how long, and what a page may load."""
