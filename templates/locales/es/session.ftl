# Signing out, and the way back to applications.

logout-heading = ¿Desea cerrar la sesión?
logout-sentence = Al cerrar la sesión, esta termina en este dispositivo. Es posible que siga con la sesión iniciada en las aplicaciones hasta que la cierre también en ellas.
logout-cancel = Mantener la sesión
signed-out-heading = Ha cerrado la sesión
signed-out-here = Su sesión en este dispositivo ha terminado. En un ordenador compartido, cierre también el navegador.
signed-out-named = La sesión que indicó la aplicación ha terminado. En este dispositivo no había ninguna sesión.
signed-out-nothing = No había ninguna sesión en este dispositivo.
signed-out-frame = Cerrando la sesión

# The way back to the application
returning-heading = Volviendo a la aplicación
returning-sentence = Se le está devolviendo a la aplicación. Si no ocurre nada, elija «Continuar».
returning-without-script = Los scripts están desactivados en este navegador; elija «Continuar».
