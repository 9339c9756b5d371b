"""Backup and restore: the database and the files of one moment, and the proof that they came back whole."""
