from . import questionnaires
