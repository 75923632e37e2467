# Consentimiento y dispositivos.

device-confirm-client = Un dispositivo solicita acceso con
