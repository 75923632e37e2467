# The sign-in page and the start page.

login-client = para continuar a
login-confirm-it-is-you = <strong>Confirme que es usted.</strong> Ya ha iniciado sesión; introduzca de nuevo su contraseña para continuar.
login-username = Nombre de usuario o correo electrónico
login-remember = Mantener la sesión iniciada en este dispositivo
login-failed = Nombre de usuario o contraseña incorrectos.
login-paused = Ha habido demasiados intentos fallidos. Inténtelo de nuevo { span-in }.
login-imprint = Su contraseña se comprueba aquí y nunca se muestra a la aplicación. Antes de escribirla, mire la barra de direcciones.

choose-account-heading = Elija una cuenta
choose-account-signed-in = Sesión iniciada
choose-account-signed-out = Se necesita la contraseña
choose-account-forget = Quitar de esta lista
choose-account-other = Usar otra cuenta
choose-account-imprint = Una cuenta aparece aquí si usted eligió mantener la sesión iniciada en este dispositivo.

# The start page
home-heading = Este servidor inicia su sesión
home-lead = Las aplicaciones le envían aquí para iniciar sesión. { $brand } comprueba quién es usted, le pregunta qué desea compartir y le devuelve a la aplicación. Su contraseña se queda aquí.
home-signed-out = No ha iniciado sesión. Para entrar en una aplicación, empiece desde ella. También puede iniciar sesión en su cuenta aquí.
home-sign-in = Iniciar sesión en su cuenta
home-account = Su cuenta
home-developers = Para desarrolladores
home-developers-lead = Un servidor de autorización de OAuth 2.0 y OpenID Connect. Las bibliotecas solo necesitan el emisor y encuentran el resto por descubrimiento.
home-issuer = Emisor
home-version = Versión
home-discovery = Documento de descubrimiento de OpenID Connect
home-keys = Claves públicas (JWKS)
