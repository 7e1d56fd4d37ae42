"""This app's part of the API, relative to /api/v1/: a list for each topic."""

from reporting.api import center_urls, report_urls, statement_urls

urlpatterns = [
    *center_urls.urlpatterns,
    *statement_urls.urlpatterns,
    *report_urls.urlpatterns,
]
