"""Reports: what to make, making it by a job, and by the calendar."""
