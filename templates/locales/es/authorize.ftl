# Consent and devices.

consent-heading = ¿Permitir el acceso?
consent-nothing = La aplicación solo sabrá que usted ha iniciado sesión.
consent-scopes = Si lo permite, la aplicación podrá
consent-allow = Permitir
consent-imprint = No se comparte nada hasta que usted lo permita. Su contraseña no se comparte nunca.
consent-until-sign-out = La aplicación tendrá acceso hasta que termine su sesión aquí.
consent-after-sign-out = La aplicación conserva el acceso después de que usted cierre la sesión, durante { span-length } como máximo.

# Scopes and claims
scope-new = Nuevo
scope-technical-names = Nombres técnicos
scope-openid-title = Saber que es usted
scope-openid-detail = Un identificador estable para usted en esta aplicación.
scope-profile-title = Ver su perfil
scope-profile-detail = Su nombre, foto, idioma y datos similares.
scope-email-title = Ver su dirección de correo electrónico
scope-email-detail = Y si está verificada.
scope-address-title = Ver su dirección postal
scope-address-detail = Tal como figura en su perfil.
scope-phone-title = Ver su número de teléfono
scope-phone-detail = Y si está verificado.
scope-offline-access-title = Seguir conectada cuando usted no está
scope-offline-access-detail = La aplicación no tiene que pedirle que inicie sesión cada vez.
scope-other-title = Usar «{ $name }»
scope-other-detail = Un permiso de un servicio que usa esta aplicación.
claim-title =
    { $claim ->
        [name] Ver su nombre
        [given_name] Ver su nombre de pila
        [family_name] Ver sus apellidos
        [middle_name] Ver su segundo nombre
        [nickname] Ver su apodo
        [preferred_username] Ver su nombre de usuario preferido
        [profile] Ver su página de perfil
        [picture] Ver su foto
        [website] Ver su sitio web
        [gender] Ver su género
        [birthdate] Ver su fecha de nacimiento
        [zoneinfo] Ver su zona horaria
        [locale] Ver su idioma
        [updated_at] Ver la fecha del último cambio de su perfil
        [email] Ver su dirección de correo electrónico
        [email_verified] Ver si su dirección de correo electrónico está verificada
        [address] Ver su dirección postal
        [phone_number] Ver su número de teléfono
        [phone_number_verified] Ver si su número de teléfono está verificado
       *[other] Ver su dato «{ $name }»
    }
claim-detail = Solo esta parte de su perfil.

# Devices
device-heading = Conectar un dispositivo
device-lead = Introduzca el código que muestra su dispositivo.
device-code = Código
device-unknown-code = Ningún dispositivo espera este código. Compruébelo o comience de nuevo en el dispositivo.
device-imprint = Introduzca un código solo si ha comenzado esto en un dispositivo suyo. El personal de soporte nunca lo necesita.
device-confirm-heading = ¿Es este su dispositivo?
device-confirm-client = Un dispositivo solicita acceso con
device-confirm-code = Su dispositivo debe mostrar este código:
device-confirm-nothing = La aplicación sabrá que usted ha iniciado sesión y nada más.
device-confirm-scopes = Si lo permite, la aplicación de ese dispositivo podrá
device-confirm-allow = Es mío: permitir
device-confirm-imprint = No permita un dispositivo que no pueda ver ni uno que otra persona le haya pedido permitir.
device-place-same = El dispositivo está en la misma red que este navegador.
device-place-elsewhere = El dispositivo está en otra red ({ $network }) distinta de la de este navegador. Si no lo tiene delante, no lo permita.
device-place-unknown = No se sabe desde qué red lo solicitó el dispositivo.
device-asked = Lo solicitó { span-ago }.
device-allowed-heading = Su dispositivo está conectado
device-allowed-sentence = Vuelva al dispositivo. Continuará por sí solo en unos segundos. Puede cerrar esta página.
device-denied-heading = El dispositivo no obtiene acceso
device-denied-sentence = Si no lo ha comenzado usted, es posible que otra persona le haya enviado el código. Puede cerrar esta página.
device-left-heading = No ha iniciado sesión
device-left-sentence = El dispositivo sigue esperando hasta que caduque su código. Puede cerrar esta página.
