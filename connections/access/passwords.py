"""How passwords are kept: Argon2id, as costly as OWASP's password storage sheet asks for."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """19 MiB, two passes, one lane. Django's own 100 MiB and eight lanes: a gigabyte for ten log-ins at once."""

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1
