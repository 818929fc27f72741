"""How a tenant's agents serve together: hours, languages, who steps in, how it sounds."""
