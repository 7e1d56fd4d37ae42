"""The web process. Refuses to start when a setting would open the wall between tenants."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "costinsights.settings")
application = get_wsgi_application()

from tenants.checks import refuse_unsafe_start  # noqa: E402  # the apps must be loaded first

refuse_unsafe_start()
