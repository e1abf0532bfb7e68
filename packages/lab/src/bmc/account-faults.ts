// How a BMC can misbehave about its accounts.

export const ACCOUNT_FAULTS = {
  'password-cut': {
    value: 16,
    text: 'of a new password <value> bytes are kept, and success is told',
  },
  'password-ignored': { value: 1, text: 'a new password is accepted and not set' },
  'password-late': { value: 3000, text: 'a new password is in force <value> ms after the answer' },
  'password-special': { value: 1, text: 'a new password without a special character gets 400' },
  'password-min-length': { value: 20, text: 'a new password under <value> characters gets 400' },
  'password-max-length': { value: 12, text: 'a new password over <value> characters gets 400' },
  'password-history': { value: 5, text: 'one of the last <value> passwords gets 400' },
  'password-too-soon': {
    value: 60,
    text: 'a password that is not <value> s old cannot be changed: 400',
  },
  'password-echoed': { value: 1, text: 'refusals of a password repeat it' },
  'password-change-required': {
    value: 1,
    text: 'who did not choose the own password can only change it; 2: no administrator can waive that',
  },
  'account-answer-lost': {
    value: 1,
    text: 'the next <value> changes of accounts are made, and cut without an answer',
  },
  'account-limit': { value: 2, text: 'there is room for <value> accounts' },
  'lockout-seconds': { value: 300, text: 'how long a locked account stays so' },
  'limits-hidden': { value: 1, text: 'the account service tells none of its limits' },
  restart: {
    value: 1,
    text: 'before the next <value> requests the BMC restarts: sessions are gone',
  },
  'accounts-lost': { value: 1, text: 'a restart brings back the accounts of the beginning' },
  'new-certificate': { value: 1, text: 'another certificate, of an authority that nobody knows' },
  'stale-etag': { value: 1, text: 'the next <value> PATCHes get 412 whatever their If-Match' },
  'no-account-patch': {
    value: 1,
    text: 'accounts take no PATCH, only ManagerAccount.ChangePassword',
  },
  'no-enabled': { value: 1, text: 'accounts have no Enabled, and changes with it get 400' },
  'fixed-slots': { value: 10, text: 'accounts are <value> places that cannot be made or removed' },
  'fixed-names': { value: 1, text: 'the names of the first <value> accounts cannot be changed' },
  'ipmi-stays': { value: 1, text: 'IPMI cannot be switched off' },
  'sessions-survive': { value: 1, text: 'a changed password ends no session' },
} as const;
