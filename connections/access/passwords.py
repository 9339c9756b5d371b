"""How passwords are kept: Argon2id, as costly as OWASP's password storage sheet asks for on a server."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """19 MiB, two passes, one lane. Django's own 100 MiB and eight lanes would let ten log-ins at once take a gigabyte."""

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1
