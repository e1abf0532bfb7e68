// What the service tells an agent at boot, as a file in the form that stock agents read too: `[DEFAULT]` holds
// their names, `[bessemer]` is ours and unknown to them.

import { Failure } from '../errors/failure.ts';
import { parseIni } from './ini.ts';
import { AGENT_CA_PATH, AGENT_CERT_PATH, AGENT_KEY_PATH } from './reserved-region.ts';

export type AgentConfig = {
  /** Base of the agent API, without a trailing slash; null for an agent that must not call. */
  readonly apiUrl: string | null;
  /** Null for an agent that gets its token by its first lookup; it then makes its own key too. */
  readonly token: string | null;
  /** Commands are taken only from who shows a certificate of the authority in the medium. */
  readonly conductorCa: boolean;
  /** Commands are taken only with a right signature and a rising sequence. */
  readonly requireSignatures: boolean;
  readonly isDebug: boolean;
  readonly nodeUuid: string;
  /** UUID of the agent session. */
  readonly session: string;
  readonly bootNumber: number;
  /** The service's clock when the medium was made; machines may have none that is right. */
  readonly serviceTimeMs: number;
};

/** Throws Failure `media.invalid` for a value that would not come back as it is. */
export const renderAgentConfig = (config: AgentConfig): string =>
  renderIniSections({
    DEFAULT: {
      ...(config.apiUrl === null ? {} : { api_url: config.apiUrl }),
      ...(config.token === null
        ? {}
        : {
            agent_token: config.token,
            listen_tls: 'true',
            tls_cert_file: `/${AGENT_CERT_PATH}`,
            tls_key_file: `/${AGENT_KEY_PATH}`,
          }),
      cafile: `/${AGENT_CA_PATH}`,
      advertise_protocol: 'https',
      ...(config.isDebug ? { debug: 'true' } : {}),
    },
    bessemer: {
      node_uuid: config.nodeUuid,
      session: config.session,
      boot_number: String(config.bootNumber),
      service_time: new Date(config.serviceTimeMs).toISOString(),
      conductor_ca: String(config.conductorCa),
      require_signatures: String(config.requireSignatures),
    },
  });

/** Undefined when the text is no configuration of ours. */
export const parseAgentConfig = (text: string): AgentConfig | undefined => {
  const values = parse(text);
  const apiUrl = values.get('DEFAULT.api_url') ?? null;
  const token = values.get('DEFAULT.agent_token') ?? null;
  const nodeUuid = values.get('bessemer.node_uuid');
  const session = values.get('bessemer.session');
  const bootNumber = Number(values.get('bessemer.boot_number') ?? Number.NaN);
  const serviceTimeMs = Date.parse(values.get('bessemer.service_time') ?? '');
  if (nodeUuid === undefined || session === undefined) return undefined;
  if (!Number.isSafeInteger(bootNumber) || Number.isNaN(serviceTimeMs)) return undefined;
  const isDebug = values.get('DEFAULT.debug') === 'true';
  const conductorCa = flag(values.get('bessemer.conductor_ca'));
  const requireSignatures = flag(values.get('bessemer.require_signatures'));
  // A text that was cut: what it lacks might be what the agent must insist on.
  if (conductorCa === undefined || requireSignatures === undefined) return undefined;
  return {
    apiUrl,
    token,
    conductorCa,
    requireSignatures,
    isDebug,
    nodeUuid,
    session,
    bootNumber,
    serviceTimeMs,
  };
};

const flag = (text: string | undefined): boolean | undefined =>
  text === 'true' || text === 'false' ? text === 'true' : undefined;

/** Throws Failure `media.invalid`. */
export const renderIniSections = (content: {
  readonly [section: string]: { readonly [key: string]: string };
}) =>
  Object.entries(content)
    .map(([section, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${checked(key, value)}`);
      return `[${section}]\n${lines.join('\n')}\n`;
    })
    .join('\n');

/** A line break would start a key of somebody else's; `$` means a reference to another key in stock agents. */
const checked = (key: string, value: string): string => {
  if (/^[\x21-\x7e]+$/.test(value) && !value.includes('$')) return value;
  throw new Failure('media.invalid', `The agent cannot be configured: ${key} has a bad character.`);
};

const parse = (text: string): Map<string, string> =>
  new Map(parseIni(text).map(({ section, key, value }) => [`${section}.${key}`, value]));
