# Consent and devices.

consent-heading = Allow access?
consent-nothing = The application only learns that you signed in.
consent-scopes = If you allow it, the application can
consent-allow = Allow
consent-imprint = Nothing is shared until you allow it. Your password is never shared.
consent-until-sign-out = The application has access until your session here ends.
consent-after-sign-out = The application keeps access after you sign out, for up to { span-length }.

# Scopes and claims
scope-new = New
scope-technical-names = Technical names
scope-openid-title = Know that it is you
scope-openid-detail = A stable identifier for you at this application.
scope-profile-title = See your profile
scope-profile-detail = Your name, picture, language and similar details.
scope-email-title = See your email address
scope-email-detail = And whether it has been verified.
scope-address-title = See your postal address
scope-address-detail = As it is stored in your profile.
scope-phone-title = See your phone number
scope-phone-detail = And whether it has been verified.
scope-offline-access-title = Stay connected when you are away
scope-offline-access-detail = The application need not ask you to sign in each time.
scope-other-title = Use “{ $name }”
scope-other-detail = A permission of a service that this application uses.
claim-title =
    { $claim ->
       *[other] See your { $name }
    }
claim-detail = This part of your profile only.

# Devices
device-heading = Connect a device
device-lead = Enter the code that your device shows.
device-code = Code
device-unknown-code = No device waits for this code. Check it, or start again on the device.
device-imprint = Enter a code only if you started this on a device of your own. Support staff never needs it.
device-confirm-heading = Is this your device?
device-confirm-client = A device asks for access with
device-confirm-code = Your device must show this code:
device-confirm-nothing = The application learns that you signed in, and nothing else.
device-confirm-scopes = If you allow it, the application on that device can
device-confirm-allow = It is mine: allow
device-confirm-imprint = Do not allow a device that you cannot see, or that another person asked you to allow.
device-place-same = The device is in the same network as this browser.
device-place-elsewhere = The device is in another network ({ $network }) than this browser. If it is not in front of you, do not allow it.
device-place-unknown = It is not known from which network the device asked.
device-asked = It asked { span-ago }.
device-allowed-heading = Your device is connected
device-allowed-sentence = Go back to the device. It continues by itself within a few seconds. You can close this page.
device-denied-heading = The device gets no access
device-denied-sentence = If you did not start this yourself, another person may have sent you the code. You can close this page.
device-left-heading = You did not sign in
device-left-sentence = The device keeps waiting until its code expires. You can close this page.
