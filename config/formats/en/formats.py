"""22 Nov 2026, 14:05: no month first, no a.m. and p.m. (Django's FORMAT_MODULE_PATH)."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
