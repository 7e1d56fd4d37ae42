"""This app's pages: a list for each topic."""

from reporting.views import center_urls, report_urls, statement_urls

urlpatterns = [
    *statement_urls.urlpatterns,
    *center_urls.urlpatterns,
    *report_urls.urlpatterns,
]
