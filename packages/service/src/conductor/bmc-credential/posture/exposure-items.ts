// Ways in beside accounts.

import type { BmcAccountDoor, BmcExposure } from '#drivers/bmc-accounts';

import type { PostureItem } from './posture-item.ts';

export const exposureItems = (
  exposures: readonly BmcExposure[],
  doors: readonly Pick<BmcAccountDoor, 'protocol'>[],
): readonly PostureItem[] => [
  ...(exposures.some((each) => each.hasSuiteZero === true) ? [SUITE_ZERO] : []),
  ...(exposures.some((each) => each.isIpmiOn === true)
    ? [ipmiOn(doors.some(({ protocol }) => protocol === 'ipmi'))]
    : []),
  ...(exposures.some((each) => each.isPeerVerified === false) ? [UNVERIFIED] : []),
];

const SUITE_ZERO: PostureItem = {
  kind: 'cipher-suite-0',
  severity: 'critical',
  text: 'The BMC accepts IPMI sessions with cipher suite 0: whoever knows a user name is let in without a password.',
  remedy:
    'Take every privilege from cipher suite 0 at the BMC (its LAN parameter 24), or switch IPMI over LAN off.',
  username: null,
  fix: null,
};

const ipmiOn = (isUsed: boolean): PostureItem => ({
  kind: 'ipmi-on',
  severity: 'medium',
  text:
    'The BMC speaks IPMI over the network although Redfish works: anybody may have from it what a password can be ' +
    'guessed with.',
  remedy: isUsed
    ? 'Take ipmi_address from driver_info, so that the service needs IPMI no more; then switch it off.'
    : 'Switch IPMI over LAN off.',
  username: null,
  fix: isUsed ? null : { kind: 'switch-ipmi-off' },
});

const UNVERIFIED: PostureItem = {
  kind: 'tls-unverified',
  severity: 'high',
  text: 'The certificate of the BMC is not checked: whoever is in between can read and use its passwords.',
  remedy:
    'Set redfish_pin to the SHA-256 of the key that the BMC shows, or redfish_verify_ca to the CA of its certificate.',
  username: null,
  fix: null,
};
