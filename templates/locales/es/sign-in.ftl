# La página de inicio de sesión y la página principal.

login-client = para continuar a
login-confirm-it-is-you = <strong>Confirme que es usted.</strong> Ya ha iniciado sesión; introduzca de nuevo su contraseña para continuar.
login-remember = Mantener la sesión iniciada en este dispositivo
login-failed = Nombre de usuario o contraseña incorrectos.
login-paused = Ha habido demasiados intentos fallidos. Inténtelo de nuevo { span-in }.
login-imprint = Su contraseña se comprueba aquí y nunca se muestra a la aplicación. Antes de escribirla, mire la barra de direcciones.
