// Every event about the accounts that the service keeps at BMCs; see audit-events.ts, whose table they are part of. In
// their details: slot, user name, rotation, phase, path, who asked, tries. Never a password, its hash or its length.

export const BMC_EVENTS = {
  'bmc.rotation.started': {
    severity: 'info',
    meaning: 'A rotation of the password of a BMC has begun.',
    effect: 'Nothing is changed yet.',
  },
  'bmc.rotation.stored': {
    severity: 'info',
    meaning: 'The next password lies in the secret store and was read back from there.',
    effect: 'The BMC may be told of it.',
  },
  'bmc.rotation.applied': {
    severity: 'info',
    meaning: 'The BMC was told the next password.',
    effect: 'It counts once a fresh login with it has worked.',
  },
  'bmc.rotation.verified': {
    severity: 'info',
    meaning: 'A fresh login with the next password worked, by every protocol in use.',
    effect: 'It may become the one in use.',
  },
  'bmc.rotation.committed': {
    severity: 'info',
    meaning: 'The next password is the one in use.',
    effect: 'The break-glass file of the node is written anew.',
  },
  'bmc.rotation.old_dead': {
    severity: 'info',
    meaning: 'The BMC refused the password that was in use before.',
    effect: 'None.',
  },
  'bmc.rotation.old_alive': {
    severity: 'high',
    meaning: 'The BMC still takes the old password after a new one was set and proved.',
    effect: 'The node is degraded.',
  },
  'bmc.rotation.failed': {
    severity: 'high',
    meaning: 'A rotation ended without a new password; its code says why.',
    effect: 'The login that worked before is in use as before, where there is one.',
  },
  'bmc.rotation.resumed': {
    severity: 'info',
    meaning: 'A rotation that was cut off goes on where its journal says.',
    effect: 'None.',
  },
  'bmc.rotation.overdue': {
    severity: 'warning',
    meaning: 'A scheduled rotation could not be done for two periods.',
    effect: 'The password in use is older than it should be.',
  },
  'bmc.rotation.owed': {
    severity: 'warning',
    meaning:
      'A person holds the credentials of a BMC, so that a cleaning audited its accounts and rotated nothing.',
    effect: 'The rotation begins as soon as nothing holds it any more.',
  },
  'bmc.password.truncated': {
    severity: 'warning',
    meaning: 'The BMC reported success and kept only the first bytes of the password.',
    effect: 'What it kept is stored, its limit is remembered, and a rotation follows.',
  },
  'bmc.password.change_demanded': {
    severity: 'warning',
    meaning: 'The BMC lets a login do nothing but change its own password.',
    effect:
      'Where no other login works the rotation does that, and the account is one of the service from then on.',
  },
  'bmc.policy.refused': {
    severity: 'warning',
    meaning: 'The BMC refused a password by rules of its own.',
    effect: 'The next kind of password is tried, or the rotation waits as the BMC demands.',
  },
  'bmc.lockout.seen': {
    severity: 'high',
    meaning: 'The BMC has locked an account, or answers as if it had.',
    effect: 'Nobody logs in until its time is over.',
  },
  'bmc.lockout.avoided': {
    severity: 'warning',
    meaning: 'A login was not tried because it could have locked the account.',
    effect: 'It is tried later.',
  },
  'bmc.account.unexpected': {
    severity: 'critical',
    meaning: 'The BMC has an account that is neither ours nor known.',
    effect: 'It is disabled where the configuration says so.',
  },
  'bmc.account.disabled': {
    severity: 'warning',
    meaning: 'An account of the BMC was disabled.',
    effect: 'Nobody logs in with it.',
  },
  'bmc.posture.fixed': {
    severity: 'warning',
    meaning: 'A setting of the BMC that lets in who should not was changed, by request.',
    effect: 'None; `found` says what it was.',
  },
  'bmc.account.factory_still_open': {
    severity: 'high',
    meaning: 'The BMC still takes a password that its maker gave it.',
    effect: 'None by itself; whoever reaches the BMC can own the machine.',
  },
  'bmc.lost': {
    severity: 'critical',
    meaning: 'No password that is known works at the BMC.',
    effect: 'The machine cannot be controlled until it is repaired in band or by a person.',
  },
  'bmc.repaired': {
    severity: 'info',
    meaning: 'A login works again after an account had been lost or had failed.',
    effect: 'None.',
  },
  'bmc.store.down': {
    severity: 'high',
    meaning:
      'The secret store cannot be used; the reason says whether it is away, sealed or refuses us.',
    effect: 'No rotation begins; those under way wait.',
  },
  'bmc.store.up': {
    severity: 'info',
    meaning: 'The secret store can be used again.',
    effect: 'Rotations go on.',
  },
  'bmc.store.copied': {
    severity: 'warning',
    meaning: 'An operator copied all passwords to another secret store.',
    effect: 'Each was read back there and compared; the first store has them, too.',
  },
  'bmc.store.emptied': {
    severity: 'high',
    meaning: 'An operator destroyed in a secret store what another one has.',
    effect: 'All of it was compared before.',
  },
  'bmc.store.rollback': {
    severity: 'critical',
    meaning:
      'The secret store does not have what it had stored: it was restored from an older copy.',
    effect: 'The node is degraded until a login with something that is stored works.',
  },
  'bmc.store.orphan_destroyed': {
    severity: 'info',
    meaning: 'A password that no row names was destroyed in the secret store.',
    effect: 'None.',
  },
  'bmc.export.requested': {
    severity: 'high',
    meaning: 'Somebody asked for the password of a BMC, sealed to a key of theirs.',
    effect: 'Given at once, or when a second person approves, as configured.',
  },
  'bmc.export.approved': {
    severity: 'high',
    meaning: 'A second person approved the export of a password.',
    effect: 'The sealed file is given.',
  },
  'bmc.export.done': {
    severity: 'critical',
    meaning: 'The password of a BMC was given to a person, sealed to their key.',
    effect: 'The node is frozen for a time at most; then the password is changed at once.',
  },
  'bmc.reveal': {
    severity: 'critical',
    meaning:
      'A person sees the password of a BMC: a break-glass file is opened, or the rule show_password lets them.',
    effect: 'After an opening the password is changed soon.',
  },
  'bmc.frozen': {
    severity: 'warning',
    meaning: 'A person holds the accounts of a BMC as they are.',
    effect: 'No rotation begins.',
  },
  'bmc.thawed': {
    severity: 'info',
    meaning: 'The accounts of a BMC are held no more.',
    effect: 'Rotations begin again; after an export or an opening at once.',
  },
  'bmc.kit.failed': {
    severity: 'high',
    meaning: 'The break-glass file of a node could not be written or removed; the reason says why.',
    effect: 'What was in the directory stays, and is tried again with the next sweep.',
  },
  'bmc.tls.unverified': {
    severity: 'high',
    meaning: 'A password was sent to a BMC whose certificate was not checked, as its node says.',
    effect: 'Whoever is between could have read it.',
  },
  'bmc.ipmi.insecure': {
    severity: 'high',
    meaning:
      'The BMC lets in by IPMI what nobody should: cipher suite 0, the anonymous user, or an empty password.',
    effect: 'None by itself; the posture of the node lists it.',
  },
} as const;
