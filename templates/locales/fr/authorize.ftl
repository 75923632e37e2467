# Consentement et appareils.

device-confirm-client = Un appareil demande l’accès avec
