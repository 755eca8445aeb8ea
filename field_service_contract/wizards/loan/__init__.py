from . import service_rental_choice
