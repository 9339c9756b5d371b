"""Summer time comes and goes; the window that an applicant was promised stays where it is on the wall clock."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from fieldwork.models import Slot
from fieldwork.planning import day_windows, moment_of
from tests.factories import provider

pytestmark = pytest.mark.django_db
# Los Angeles: on 14 March 2027 2:00 becomes 3:00, on 7 November 2027 2:00 becomes 1:00.
DAYS = [
    (date(2027, 3, 13), datetime(2027, 3, 13, 17, tzinfo=UTC)),
    (date(2027, 3, 14), datetime(2027, 3, 14, 16, tzinfo=UTC)),
    (date(2027, 11, 6), datetime(2027, 11, 6, 16, tzinfo=UTC)),
    (date(2027, 11, 7), datetime(2027, 11, 7, 17, tzinfo=UTC)),
]


@pytest.mark.parametrize(("day", "nine_oclock"), DAYS)
def test_a_window_at_nine_is_at_nine_on_both_sides_of_each_change(day: date, nine_oclock: datetime) -> None:
    utility = provider(time_zone="America/Los_Angeles")
    Slot.objects.create(provider=utility, starts=time(9), ends=time(11))

    (window,) = day_windows(utility, day)

    assert window.starts == nine_oclock
    assert window.ends - window.starts == timedelta(hours=2)
    assert timezone.localtime(window.starts, utility.zone).time() == time(9)


def test_a_window_that_is_kept_in_utc_does_not_move_when_the_clocks_change_before_it() -> None:
    zone = provider(time_zone="America/Los_Angeles").zone

    promised = moment_of(date(2027, 3, 15), time(9), zone)  # planned in winter, due in summer

    assert timezone.localtime(promised, zone).strftime("%a %H:%M") == "Mon 09:00"
    assert promised - moment_of(date(2027, 3, 13), time(9), zone) == timedelta(hours=47)
