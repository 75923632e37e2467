# Consent and devices.

consent-heading = Zugriff erlauben?
consent-nothing = Die Anwendung erfährt nur, dass Sie sich angemeldet haben.
consent-scopes = Wenn Sie zustimmen, kann die Anwendung
consent-allow = Erlauben
consent-imprint = Bis Sie zustimmen, wird nichts weitergegeben. Ihr Passwort wird nie weitergegeben.
consent-until-sign-out = Die Anwendung hat Zugriff, bis Ihre Sitzung hier endet.
consent-after-sign-out = Die Anwendung behält den Zugriff auch nach Ihrer Abmeldung, höchstens { span-length }.

# Scopes and claims
scope-new = Neu
scope-technical-names = Technische Namen
scope-openid-title = Wissen, dass Sie es sind
scope-openid-detail = Eine gleichbleibende Kennung für Sie bei dieser Anwendung.
scope-profile-title = Ihr Profil sehen
scope-profile-detail = Ihren Namen, Ihr Bild, Ihre Sprache und ähnliche Angaben.
scope-email-title = Ihre E-Mail-Adresse sehen
scope-email-detail = Und ob sie bestätigt ist.
scope-address-title = Ihre Postanschrift sehen
scope-address-detail = So, wie sie in Ihrem Profil steht.
scope-phone-title = Ihre Telefonnummer sehen
scope-phone-detail = Und ob sie bestätigt ist.
scope-offline-access-title = Verbunden bleiben, wenn Sie nicht da sind
scope-offline-access-detail = Die Anwendung muss Sie nicht jedes Mal um eine Anmeldung bitten.
scope-other-title = „{ $name }“ verwenden
scope-other-detail = Eine Berechtigung eines Dienstes, den diese Anwendung nutzt.
claim-title =
    { $claim ->
        [name] Ihren Namen sehen
        [given_name] Ihren Vornamen sehen
        [family_name] Ihren Nachnamen sehen
        [middle_name] Ihren zweiten Vornamen sehen
        [nickname] Ihren Spitznamen sehen
        [preferred_username] Ihren bevorzugten Benutzernamen sehen
        [profile] Ihre Profilseite sehen
        [picture] Ihr Bild sehen
        [website] Ihre Website sehen
        [gender] Ihr Geschlecht sehen
        [birthdate] Ihr Geburtsdatum sehen
        [zoneinfo] Ihre Zeitzone sehen
        [locale] Ihre Sprache sehen
        [updated_at] Den Zeitpunkt der letzten Änderung Ihres Profils sehen
        [email] Ihre E-Mail-Adresse sehen
        [email_verified] Sehen, ob Ihre E-Mail-Adresse bestätigt ist
        [address] Ihre Postanschrift sehen
        [phone_number] Ihre Telefonnummer sehen
        [phone_number_verified] Sehen, ob Ihre Telefonnummer bestätigt ist
       *[other] Ihre Angabe „{ $name }“ sehen
    }
claim-detail = Nur diesen Teil Ihres Profils.

# Devices
device-heading = Ein Gerät verbinden
device-lead = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-code = Code
device-unknown-code = Kein Gerät wartet auf diesen Code. Prüfen Sie ihn oder beginnen Sie auf dem Gerät von vorn.
device-imprint = Geben Sie nur dann einen Code ein, wenn Sie dies auf einem eigenen Gerät begonnen haben. Ein Kundendienst braucht ihn nie.
device-confirm-heading = Ist das Ihr Gerät?
device-confirm-client = Ein Gerät bittet um Zugriff mit
device-confirm-code = Ihr Gerät muss diesen Code anzeigen:
device-confirm-nothing = Die Anwendung erfährt, dass Sie sich angemeldet haben, und sonst nichts.
device-confirm-scopes = Wenn Sie zustimmen, kann die Anwendung auf diesem Gerät
device-confirm-allow = Es ist meines: erlauben
device-confirm-imprint = Erlauben Sie kein Gerät, das Sie nicht sehen können oder um dessen Freigabe Sie eine andere Person gebeten hat.
device-place-same = Das Gerät befindet sich im selben Netzwerk wie dieser Browser.
device-place-elsewhere = Das Gerät befindet sich in einem anderen Netzwerk ({ $network }) als dieser Browser. Erlauben Sie es nicht, wenn es nicht vor Ihnen steht.
device-place-unknown = Es ist nicht bekannt, aus welchem Netzwerk das Gerät angefragt hat.
device-asked = Es hat { span-ago } angefragt.
device-allowed-heading = Ihr Gerät ist verbunden
device-allowed-sentence = Kehren Sie zum Gerät zurück. Es macht innerhalb weniger Sekunden von selbst weiter. Sie können diese Seite schließen.
device-denied-heading = Das Gerät erhält keinen Zugriff
device-denied-sentence = Wenn Sie dies nicht selbst begonnen haben, hat Ihnen möglicherweise eine andere Person den Code geschickt. Sie können diese Seite schließen.
device-left-heading = Sie haben sich nicht angemeldet
device-left-sentence = Das Gerät wartet weiter, bis sein Code abläuft. Sie können diese Seite schließen.
