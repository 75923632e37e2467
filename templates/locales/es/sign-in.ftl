# La página de inicio de sesión y la página principal.

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
