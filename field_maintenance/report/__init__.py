from . import service_warranty_report
