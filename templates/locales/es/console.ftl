# El marco de la consola de la cuenta.

console-label = Cuenta
console-overview = Resumen
console-security = Seguridad
console-sessions = Sesiones
console-applications = Aplicaciones
console-activity = Actividad
console-unknown = Desconocido
console-unknown-browser = Navegador desconocido
console-address = Dirección IP

# Mensajes después de un formulario.
flash-session-ended = La sesión se ha cerrado.
flash-others-ended = Todas las demás sesiones se han cerrado.
flash-no-such-session = Esta sesión ya se había cerrado.
flash-application-removed = La aplicación ya no tiene acceso a su cuenta.
flash-no-such-application = Esta aplicación no tenía acceso a su cuenta.
flash-disputed = Todas las demás sesiones se han cerrado. Cambie ahora su contraseña, para que nadie más pueda usarla.

# El resumen.
overview-heading = Su cuenta
overview-last-sign-in = Inicio de sesión anterior
overview-previous = El inicio de sesión anterior fue el <bdi>{ $time }</bdi>.
overview-check-list = Revisión de seguridad
overview-review = Revisar
console-email-verified = Verificada
console-email-unverified = No verificada
advice-email-verified = Su dirección de correo está verificada.
advice-email-unverified = Su dirección de correo no está verificada, así que los avisos sobre su cuenta no pueden llegarle.
advice-email-missing = Su cuenta no tiene dirección de correo, así que los avisos no pueden llegarle.
advice-password-recent = Su contraseña se cambió en los dos últimos años.
advice-password-old = Su contraseña tiene más de dos años. Cámbiela si la usa en otro sitio.
advice-other-sessions =
    { $count ->
        [0] No tiene ninguna otra sesión abierta.
        [one] Tiene sesión abierta en { $count } navegador más.
       *[other] Tiene sesión abierta en { $count } navegadores más.
    }
advice-applications =
    { $count ->
        [0] Ninguna aplicación tiene acceso a su cuenta con su consentimiento.
        [one] { $count } aplicación tiene acceso a su cuenta con su consentimiento.
       *[other] { $count } aplicaciones tienen acceso a su cuenta con su consentimiento.
    }

# Seguridad.
security-password-set = Su contraseña se cambió por última vez el <bdi>{ $time }</bdi>.
security-password-none = Su cuenta no tiene contraseña.
security-change-password = Cambiar la contraseña
security-show-sessions = Ver las sesiones

# Sesiones.
sessions-about = Los navegadores en los que tiene sesión abierta. Cierre la sesión que no reconozca y cambie su contraseña.
sessions-this = Esta sesión
sessions-same-network = misma red que este navegador
sessions-other-network = otra red que la de este navegador
sessions-signed-in = Inicio
sessions-seen = Última actividad
sessions-expires = Fin
sessions-applications = Aplicaciones
sessions-end-others = Cerrar todas las demás
sessions-end-all = Cerrar sesión en todas partes
sessions-end-all-hint = Cerrar sesión en todas partes termina también el acceso de todas las aplicaciones y esta sesión.
method-password = con contraseña
method-code = con código de un solo uso
method-passkey = con llave de acceso

# Aplicaciones.
applications-about = Las aplicaciones que pueden usar su cuenta. Si quita una, su acceso termina de inmediato.
applications-none = Ninguna aplicación tiene acceso a su cuenta.
applications-dynamic = Registrada por sí misma
applications-dynamic-hint = Los operadores de este servicio no han comprobado el nombre de esta aplicación.
applications-may = Puede
applications-may-nothing = Solo saber que ha iniciado sesión
applications-resources = Servicios
applications-duration = Acceso
applications-offline = También después de cerrar la sesión
applications-online = Hasta que termine su sesión
applications-since = Desde
applications-used = Último uso
applications-remove = Quitar el acceso

# Actividad.
activity-about = Lo que ha ocurrido en su cuenta, primero lo más reciente. Los administradores de este servicio también lo ven.
activity-none = No hay actividad.
activity-older = Actividad anterior
activity-not-me = No fui yo
activity-signed-in = Inicio de sesión
activity-sign-in-failed = Inicio de sesión fallido
activity-new-browser = Inicio de sesión con un navegador nuevo
activity-signed-out = Cierre de sesión
activity-session-ended = Se cerró una sesión
activity-signed-out-everywhere = Cierre de todas las sesiones
activity-locked = Inicio de sesión en pausa tras muchos fallos
activity-consent-given = Acceso permitido
activity-consent-denied = Acceso denegado
activity-consent-withdrawn = Acceso retirado
activity-device-allowed = Se conectó un dispositivo
activity-device-denied = Se rechazó un dispositivo
activity-access-revoked = Acceso terminado
activity-code-replayed = Un código de acceso se usó dos veces; su acceso se terminó
activity-token-reused = Se usó una clave antigua de una aplicación; su acceso se terminó
activity-account-created = Cuenta creada
activity-profile-changed = Perfil modificado
activity-email-changed = Dirección de correo modificada
activity-roles-changed = Sus permisos se modificaron
activity-password-changed = Contraseña cambiada
activity-disabled = Cuenta desactivada
activity-enabled = Cuenta activada
activity-exported = Datos de la cuenta descargados
activity-disputed = Actividad notificada como ajena
activity-token-created = Token de acceso personal creado
activity-token-revoked = Token de acceso personal revocado
actor-browser = en un navegador
actor-application = por una aplicación
actor-server = por este servicio
actor-administrator = por un administrador
dispute-heading = ¿No fue usted?
dispute-about = Se cerrarán todas las sesiones menos esta, y elegirá una contraseña nueva. Eso termina también el acceso de todas las aplicaciones.
dispute-confirm = Cerrar las demás sesiones

# El perfil.
console-profile = Perfil
profile-about = Las aplicaciones ven estos datos solo con su consentimiento.
profile-save = Guardar
flash-profile-saved = Su perfil se ha guardado.
flash-profile-unchanged = No se ha cambiado nada.
profile-check = No se ha guardado nada. Revise los campos marcados.
profile-stale = Su perfil ha cambiado entretanto. Revise los valores actuales de abajo y guarde de nuevo.
profile-name = Nombre completo
profile-given-name = Nombre
profile-middle-name = Segundo nombre
profile-family-name = Apellidos
profile-nickname = Apodo
profile-preferred-username = Nombre mostrado
profile-phone = Número de teléfono
profile-phone-hint = Por ejemplo +49 30 123456
profile-locale = Idioma
profile-locale-hint = Un código de idioma, como es o fr-CA
profile-zoneinfo = Zona horaria
profile-zoneinfo-hint = Por ejemplo Europe/Madrid
profile-birthdate = Fecha de nacimiento
profile-birthdate-hint = Por ejemplo 1990-01-31
profile-gender = Género
profile-picture = Imagen
profile-website = Sitio web
profile-page = Página de perfil
profile-url-hint = Una dirección web que empieza por https://
profile-street = Calle y número
profile-postal-code = Código postal
profile-locality = Ciudad
profile-region = Estado o región
profile-country = País
profile-error-length = El texto es demasiado largo o está vacío.
profile-error-character = El texto tiene un carácter que no se puede usar.
profile-error-space = No debe haber espacios al principio ni al final.
profile-error-url = Esto no es una dirección web.
profile-error-birthdate = Esto no es una fecha como 1990-01-31.
profile-error-zoneinfo = Esto no es una zona horaria como Europe/Madrid.
profile-error-locale = Esto no es un código de idioma como es o fr-CA.
profile-error-phone = Esto no es un número de teléfono.
profile-error-at = El nombre de usuario no debe tener una @.
profile-error-taken = Este nombre de usuario ya está en uso.

# Tokens de acceso personales.
console-tokens = Tokens de acceso
tokens-about = Un token de acceso personal permite que un script suyo use un servicio en su nombre. Termina cuando cambia su contraseña.
tokens-new = Token nuevo
tokens-no-resource = Este servidor no tiene servicios que acepten tokens de acceso personales.
tokens-name = Nombre
tokens-scopes = Permisos
tokens-lifetime = Válido durante
tokens-days =
    { $count ->
        [one] { $count } día
       *[other] { $count } días
    }
tokens-hours =
    { $count ->
        [one] { $count } hora
       *[other] { $count } horas
    }
tokens-create = Crear token
tokens-created = Su token nuevo
tokens-once = Cópielo ahora. No se volverá a mostrar.
tokens-next = El próximo token se podrá crear el <bdi>{ $time }</bdi>.
tokens-too-many = Todavía no puede crear otro token.
tokens-error-name = Escriba un nombre de 100 caracteres como máximo, sin espacios alrededor.
tokens-error-resource = Elija al menos un servicio.
tokens-error-scope = Elija solo permisos de la lista.
tokens-error-lifetime = Elija una duración de la lista.
tokens-list = Sus tokens
tokens-none = No tiene tokens.
tokens-made = Creado
tokens-never = Nunca
tokens-revoke = Revocar
flash-token-revoked = El token se ha revocado.
flash-no-such-token = Este token ya había terminado.

# Los datos de la cuenta y su eliminación.
console-data = Sus datos
data-download = Descargar
data-about = Un archivo con su perfil, consentimientos, sesiones, tokens de acceso y actividad. No contiene contraseñas ni claves.
data-export = Descargar sus datos
delete-heading = Eliminar su cuenta
delete-short = Su cuenta y todo acceso a ella terminan de inmediato y no se pueden recuperar.
delete-about = Se eliminan su perfil, sesiones, consentimientos y tokens de acceso, y se cierra su sesión en todas las aplicaciones. No se puede deshacer. Lo que las aplicaciones hayan guardado por su cuenta no se ve afectado.
delete-log = El registro de seguridad conserva sus entradas durante un tiempo limitado. No contienen su nombre ni su dirección de correo.
delete-name = Escriba su nombre de usuario para confirmar
delete-other-name = Ese no es el nombre de su cuenta. No se ha eliminado nada.
delete-confirm = Eliminar la cuenta
deleted-heading = Su cuenta se ha eliminado
deleted-about = Su sesión está cerrada. Puede cerrar esta página.
