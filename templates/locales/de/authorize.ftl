# Zustimmung und Geräte.

device-confirm-client = Ein Gerät bittet um Zugriff mit
