// What a lone agent is told at boot, as a medium of the service would tell it.

import { renderAgentConfig } from '@bessemer/protocol/media/agent-config';
import {
  AGENT_CA_PATH,
  AGENT_CERT_PATH,
  AGENT_CONFIG_PATH,
  AGENT_KEY_PATH,
} from '@bessemer/protocol/media/reserved-region';

import type { KeyPairPem } from '#bmc/lab-authority';

import { systemClock } from '../../clock.ts';

export const LONE_NODE = '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10';
export const LONE_SESSION = '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11';
export const LONE_TOKEN = 'D'.repeat(43);

export const loneFiles = (wish: {
  readonly apiUrl: string | null;
  readonly token: string | null;
  readonly ca: string;
  readonly identity?: KeyPairPem;
}): { readonly [path: string]: string } => ({
  [AGENT_CONFIG_PATH]: renderAgentConfig({
    apiUrl: wish.apiUrl,
    token: wish.token,
    conductorCa: false,
    requireSignatures: false,
    isDebug: false,
    nodeUuid: LONE_NODE,
    session: LONE_SESSION,
    bootNumber: 1,
    serviceTimeMs: systemClock.wallMs(),
  }),
  [AGENT_CA_PATH]: wish.ca,
  ...(wish.identity === undefined
    ? {}
    : { [AGENT_CERT_PATH]: wish.identity.certificate, [AGENT_KEY_PATH]: wish.identity.key }),
});
