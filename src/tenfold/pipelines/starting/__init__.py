"""What starts runs: schedules by the calendar, versions that move, files that arrive, requests, somebody who asks."""
