# The pages for a new password, and the reasons why one is refused.

new-password-heading = Choose a new password
new-password-reason = Your password was set by someone else. Choose one that only you know to continue.
new-password-label = New password
new-password-hint = { $count } to 128 characters. Several uncommon words are easier to remember than signs, and harder to guess.
new-password-submit = Save and continue
new-password-late = The time to choose a new password has passed. Sign in again.
password-too-short = The password must have at least { $count } characters.
password-too-long = The password must have at most 128 characters.
password-common = This password is too common.
password-personal = The password must not be your name or e-mail address, or close to one of them.
password-guessable = This password is too easy to guess. Use more words, or less common ones.
password-breached = This password is known from a data breach. Choose another one.
password-unchanged = The new password must differ from the old one.
password-live-short = Too short
password-live-plain = Easy to guess
password-live-good = Long enough; it is checked when you save.
change-password-heading = Change your password
change-password-note = You stay signed in here. All other sessions end, and applications ask you to sign in again.
change-password-submit = Change the password
change-password-done = Your password is changed. All other sessions have ended.
change-password-paused = There have been too many failed attempts. Try again { span-in }.
current-password-label = Current password
current-password-wrong = This is not your current password.
