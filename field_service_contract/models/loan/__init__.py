from . import rental_contracts
