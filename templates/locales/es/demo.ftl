# The demo application.

demo-title = Aplicación de demostración
demo-foot = Una pequeña aplicación para probar { $brand }. No conserva nada cuando se detiene.
demo-heading = Pruebe a iniciar sesión
demo-lead = Esta página representa cualquier aplicación que permite iniciar sesión con { $brand }. Le envía al servidor, que le devuelve con una prueba de quién es usted.
demo-sign-in = Iniciar sesión con { $brand }
demo-account = Use esta cuenta
demo-server = Servidor
demo-steps = Qué va a ocurrir
demo-step-1 = Su navegador va a { $brand } con una solicitud de autorización protegida por PKCE.
demo-step-2 = Inicia sesión allí y elige si desea compartir su perfil.
demo-step-3 = Vuelve aquí con un código que funciona una sola vez. La aplicación lo canjea por tokens, verifica el token de identidad y le muestra lo que ha sabido.

# After the sign-in
demo-signed-in = Sesión iniciada
demo-welcome = Le damos la bienvenida, <bdi>{ $name }</bdi>
demo-it-worked = Ha funcionado. Ha iniciado sesión con { $brand } y esta aplicación lo ha verificado. Le conoce como el sujeto
demo-verified = Verificado
demo-signature = Firma
demo-signature-valid = válida, con una clave del JWKS del emisor
demo-checks = Audiencia, nonce, caducidad, at_hash
demo-valid = válidos
demo-valid-until = Válido hasta
demo-refresh-token = Token de actualización
demo-yes = sí
demo-no = no
demo-refresh = Actualizar los tokens
demo-refreshed = Los tokens se han actualizado: compare iat y exp.
demo-received = Lo que ha recibido la aplicación
demo-id-token = Token de identidad
demo-userinfo = Información del usuario
demo-access-token = Token de acceso
demo-next = Qué hacer ahora
demo-discovery = Documento de descubrimiento
demo-start-page = Página principal del servidor

# After a failure
demo-failure-heading = El inicio de sesión no ha terminado
demo-not-started = El inicio de sesión no pudo comenzar
demo-not-signed-in = No se ha iniciado la sesión
demo-not-refreshed = Los tokens no se pudieron actualizar
