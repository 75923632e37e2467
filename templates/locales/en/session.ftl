# Signing out, and the way back to applications.

logout-heading = Do you want to sign out?
logout-sentence = Signing out ends your session on this device. You may stay signed in to applications until you sign out there too.
logout-cancel = Stay signed in
signed-out-heading = You are signed out
signed-out-here = Your session on this device has ended. On a shared computer, close the browser as well.
signed-out-named = The session that the application named has ended. This device held no session.
signed-out-nothing = There was no session on this device.
signed-out-frame = Signing out

# The way back to the application
returning-heading = Returning to the application
returning-sentence = You are being sent back to the application. If nothing happens, choose Continue.
returning-without-script = Scripts are off in this browser, so choose Continue.
