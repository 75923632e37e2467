# Words and sentences that several rooms use.

sign-in = Iniciar sesión
sign-out = Cerrar sesión
cancel = Cancelar
continue = Continuar
try-again = Intentarlo de nuevo
username = Nombre de usuario
password = Contraseña
email-address = Dirección de correo electrónico
privacy-policy = Política de privacidad
terms-of-service = Condiciones del servicio
opens-in-a-new-tab = (se abre en una pestaña nueva)
signed-in-as = Ha iniciado sesión como <strong><bdi>{ $name }</bdi></strong>.
not-you = ¿No es usted?
do-not-allow = No permitir

# The frame of every page
imprint = { $brand } inicia su sesión en las aplicaciones sin darles su contraseña.
languages-label = Idioma
legal-label = Información legal
legal-imprint = Aviso legal
legal-contact = Contacto
development-label = Modo de desarrollo
development-notice = <strong>Modo de desarrollo.</strong> No apto para cuentas reales.

# The application that asks
client-asked-for-by = Solicitado por
client-links-label = Acerca de la aplicación
client-about = Acerca de <bdi>{ $name }</bdi>
client-website = Sitio web
client-back-to = Volver a { $name }

# Spans of time. $unit is second, minute, hour or day.
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
span-length =
    { $unit ->
        [second] { $count ->
            [one] { $count } segundo
           *[other] { $count } segundos
        }
        [minute] { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
        [day] { $count ->
            [one] { $count } día
           *[other] { $count } días
        }
       *[hour] { $count ->
            [one] { $count } hora
           *[other] { $count } horas
        }
    }
span-ago =
    { $unit ->
        [second] { $count ->
            [one] hace { $count } segundo
           *[other] hace { $count } segundos
        }
        [minute] { $count ->
            [one] hace { $count } minuto
           *[other] hace { $count } minutos
        }
        [day] { $count ->
            [one] hace { $count } día
           *[other] hace { $count } días
        }
       *[hour] { $count ->
            [one] hace { $count } hora
           *[other] hace { $count } horas
        }
    }
