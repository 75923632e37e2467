# Mails to people. A mail greets, says what happened, lists facts, and advises.

mail-greeting = Hola, { $name }:
mail-closing = Este es un aviso de seguridad automático. Nunca le pedimos su contraseña ni un código por correo electrónico.
mail-contact = Si no esperaba esto, póngase en contacto con los responsables de este servicio.
mail-contact-at-once = Si no esperaba esto, póngase en contacto de inmediato con los responsables de este servicio.

# Labels of facts
mail-account = Cuenta:
mail-time = Fecha:
mail-application = Aplicación:
mail-browser = Navegador:
mail-address = Dirección:
mail-code = O introduzca este código donde comenzó:

# Security events
mail-new-device-subject = Nuevo inicio de sesión en su cuenta
mail-new-device-what = se ha iniciado sesión en su cuenta con un navegador que no se había usado antes con ella.
mail-new-device-advice = Si ha sido usted, puede ignorar este correo. Si no, otra persona conoce su contraseña: cámbiela y pida a los responsables de este servicio que cierren todas sus sesiones.
mail-soft-locked-subject = Intentos fallidos de iniciar sesión en su cuenta
mail-soft-locked-what = varios intentos de iniciar sesión en su cuenta han fallado. Los siguientes intentos desde navegadores con los que usted no haya iniciado sesión se ralentizan durante un tiempo.
mail-soft-locked-advice = Si ha sido usted, espere un poco. Si no, nadie ha entrado: una contraseña larga que no use en ningún otro sitio no se puede adivinar. No recibirá este correo de nuevo hasta que haya pasado un día sin intentos de este tipo.
mail-password-set-subject = Su contraseña ha cambiado
mail-password-set-what = la contraseña de su cuenta ha cambiado.
mail-email-changed-subject = La dirección de correo de su cuenta ha cambiado
mail-email-changed-what = la dirección de correo electrónico de su cuenta ha cambiado. Este correo se envía a la dirección antigua y a la nueva, si se había verificado que eran suyas.
mail-refresh-reuse-subject = Una aplicación ha perdido el acceso a su cuenta
mail-refresh-reuse-what = una aplicación usó una clave de su cuenta que ya se había sustituido. Es posible que se haya copiado, por lo que se ha puesto fin al acceso de la aplicación.
mail-refresh-reuse-advice = Si usa la aplicación, inicie sesión en ella de nuevo. Si no la conoce o vuelve a recibir este correo, póngase en contacto con los responsables de este servicio.
mail-disabled-subject = Su cuenta se ha desactivado
mail-disabled-what = un administrador ha desactivado su cuenta. Se han cerrado todas sus sesiones y no es posible iniciar sesión.
mail-signed-out-subject = Se han cerrado todas sus sesiones
mail-signed-out-what = un administrador ha cerrado todas las sesiones de su cuenta y ha puesto fin al acceso que tenían las aplicaciones.
mail-signed-out-advice = Puede iniciar sesión de nuevo. Si no esperaba esto, póngase en contacto con los responsables de este servicio.
