# Palabras y frases que usan varias salas.

sign-in = Iniciar sesión
sign-out = Cerrar sesión
cancel = Cancelar
continue = Continuar
username = Nombre de usuario
password = Contraseña
email-address = Dirección de correo electrónico
privacy-policy = Política de privacidad
terms-of-service = Condiciones del servicio
opens-in-a-new-tab = (se abre en una pestaña nueva)
try-again = Intentarlo de nuevo
signed-in-as = Ha iniciado sesión como <strong><bdi>{ $name }</bdi></strong>.

# El marco de cada página
imprint = { $brand } inicia su sesión en las aplicaciones sin darles su contraseña.
languages-label = Idioma
development-label = Modo de desarrollo
development-notice = <strong>Modo de desarrollo.</strong> No apto para cuentas reales.

# La aplicación que lo solicita
client-asked-for-by = Solicitado por
client-links-label = Acerca de la aplicación
client-about = Acerca de <bdi>{ $name }</bdi>
client-website = Sitio web

# Intervalos de tiempo. $unit es second, minute, hour o day.
span-in =
    { $unit ->
        [second] { $count ->
            [one] dentro de { $count } segundo
           *[other] dentro de { $count } segundos
        }
        [minute] { $count ->
            [one] dentro de { $count } minuto
           *[other] dentro de { $count } minutos
        }
        [day] { $count ->
            [one] dentro de { $count } día
           *[other] dentro de { $count } días
        }
       *[hour] { $count ->
            [one] dentro de { $count } hora
           *[other] dentro de { $count } horas
        }
    }
