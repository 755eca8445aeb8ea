from . import service_request_customer
