# Consent and devices.

device-confirm-client = A device asks for access with
