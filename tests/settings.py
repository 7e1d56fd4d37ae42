"""The product's settings with what makes tests quick and quiet. Nothing about isolation differs."""

from costinsights.settings import *  # noqa: F403  # a settings module is made to be extended
from costinsights.settings import DATABASES, PASSWORD_HASHERS
from tests.environment import STATE

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["OPTIONS"]["pool"].update(min_size=0, max_size=16)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "reports": {
        "BACKEND": "reporting.storage.WholeFileStorage",
        "OPTIONS": {"location": STATE / "reports"},
    },
}
# Collected files belong to a release; tests read the sources, and WhiteNoise wants its folder there.
STATIC_ROOT = STATE / "staticfiles"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
