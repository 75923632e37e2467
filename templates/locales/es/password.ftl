# Las páginas para una contraseña nueva y los motivos por los que se rechaza.

new-password-heading = Elija una contraseña nueva
new-password-reason = Otra persona estableció su contraseña. Para continuar, elija una que solo usted conozca.
new-password-label = Contraseña nueva
new-password-hint = De { $count } a 128 caracteres. Varias palabras poco comunes se recuerdan mejor que los signos y son más difíciles de adivinar.
new-password-submit = Guardar y continuar
new-password-late = El plazo para elegir una contraseña nueva ha vencido. Inicie sesión de nuevo.
password-too-short = La contraseña debe tener al menos { $count } caracteres.
password-too-long = La contraseña debe tener como máximo 128 caracteres.
password-common = Esta contraseña es demasiado común.
password-personal = La contraseña no debe ser su nombre ni su dirección de correo electrónico, ni parecerse a ellos.
password-guessable = Esta contraseña es demasiado fácil de adivinar. Use más palabras o palabras menos comunes.
password-breached = Esta contraseña se conoce por una filtración de datos. Elija otra.
password-unchanged = La contraseña nueva debe ser distinta de la anterior.
password-live-short = Demasiado corta
password-live-plain = Fácil de adivinar
password-live-good = Longitud suficiente; se comprueba al guardar.
change-password-heading = Cambiar su contraseña
change-password-note = Aquí seguirá con la sesión iniciada. Las demás sesiones terminan y las aplicaciones le pedirán que inicie sesión de nuevo.
change-password-submit = Cambiar la contraseña
change-password-done = Su contraseña se ha cambiado. Todas las demás sesiones han terminado.
change-password-paused = Ha habido demasiados intentos fallidos. Inténtelo de nuevo { span-in }.
current-password-label = Contraseña actual
current-password-wrong = Esta no es su contraseña actual.
