"""The settings of Django and of the apps, one module per theme."""

from config.settings.api import *
from config.settings.base import *
from config.settings.celery import *
from config.settings.database import *
from config.settings.files import *
from config.settings.observability import *
from config.settings.orchestrator import *
from config.settings.security import *
