"""The web process. Refuses to start when a setting would open the wall between tenants."""

import os

import django
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "costinsights.settings")
django.setup()

from costinsights.operations import telemetry  # noqa: E402  # the apps must be loaded first
from tenants.checks import refuse_unsafe_start  # noqa: E402  # as above

telemetry.start()  # before the middleware is put together: traces have one of their own
application = get_wsgi_application()
refuse_unsafe_start()
