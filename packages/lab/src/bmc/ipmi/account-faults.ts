// How an IPMI BMC of the lab can misbehave about its users.

export const IPMI_ACCOUNT_FAULTS = {
  'late-passwords': 'a new password is in force <value> ms after the answer',
  'lockout-seconds': 'how long a locked user stays so; until its password is set when this is off',
  'fixed-names': 'the names of the first <value> users cannot be changed',
  'user-count': 'there is room for <value> users',
  'hidden-enabled': 'whether a user is enabled is not told',
  'accounts-lost': 'a restart brings back the users of the beginning',
  'suite-zero': 'cipher suite 0 is on offer, for privilege level <value>',
} as const;
