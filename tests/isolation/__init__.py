"""Nothing of one tenant reaches another: every route, every table, every job, every carrier.

The suite runs with the wall as it is, and once more with the wall taken down (`ISOLATION_WALL=off`),
where it must fail: that run is `test_the_suite_bites.py`.
"""
