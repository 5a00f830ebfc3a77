"""What gunicorn serves of the naive build."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.bench.naive.settings")
application = get_wsgi_application()
