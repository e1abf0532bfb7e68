// Inspection data: the inventory, sent once before the lookup when the boot configuration asks for it. The
// endpoint takes no version header; refusals end the sending, the lookup goes on all the same.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { chooseRootDisk } from '@bessemer/protocol/node/root-device-hints';
import type { Clock } from '#clock';
import type { Hardware } from '#hardware/hardware';
import { type AgentLog, shownUrl } from './agent-log.ts';
import type { AgentConfiguration } from './configuration.ts';
import { callOne } from './service-client.ts';
import { faultOf } from './lookup.ts';

export type InspectionParts = {
  readonly configuration: AgentConfiguration;
  readonly hardware: Hardware;
  readonly clock: Clock;
  readonly log: AgentLog;
};

const ATTEMPTS_MAX = 5;
const PAUSE_MS_MIN = 5_000;
const PAUSE_MS_MAX = 30_000;

/** The UUID that the service knows this machine by; null when it did not say or was not asked. */
export const postInspection = async (parts: InspectionParts): Promise<string | null> => {
  const { configuration, clock, log } = parts;
  const url = configuration.inspectionCallbackUrl;
  if (url === null) return null;
  const body = await inspectionData(parts);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const sent = await send(parts, url, body);
    if (!sent.mayRetry) return sent.nodeUuid;
    log.say(`inspection data to ${shownUrl(url)}: ${sent.reason}`);
    await clock.sleep(Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * attempt));
  }
  return null;
};

const inspectionData = async ({
  configuration,
  hardware,
}: InspectionParts): Promise<JsonObject> => {
  const inventory = await hardware.inventory();
  const rootDisk = chooseRootDisk(inventory.disks, null, hardware.rootDiskBytesMin);
  return {
    inventory: { ...inventory },
    root_disk: rootDisk === undefined ? null : { ...rootDisk },
    boot_interface: configuration.bootMac ?? inventory.boot.pxe_interface,
    configuration: {
      collectors: ['default'],
      managers: [{ name: hardware.name, version: hardware.version }],
    },
    error: null,
  } as unknown as JsonObject;
};

type Sent = {
  readonly mayRetry: boolean;
  readonly nodeUuid: string | null;
  readonly reason: string;
};

const send = async (
  { configuration, log }: InspectionParts,
  url: string,
  body: JsonObject,
): Promise<Sent> => {
  const { origin, pathname, search } = new URL(url);
  try {
    const options = {
      apiUrls: [origin],
      authorityPem: configuration.authorityPem,
      isInsecure: configuration.isInsecure,
      timeoutMs: configuration.httpRequestTimeoutMs,
      globalRequestId: configuration.globalRequestId,
      sourceAddress: configuration.sourceAddress,
    };
    const call = { method: 'POST', path: `${pathname}${search}`, version: null, body } as const;
    const answer = await callOne(options, origin, call);
    if (answer.status === 409 || answer.status >= 500) {
      return { mayRetry: true, nodeUuid: null, reason: faultOf(answer) };
    }
    if (answer.status >= 400) {
      log.say(`inspection data were refused: ${faultOf(answer)}`);
      return { mayRetry: false, nodeUuid: null, reason: '' };
    }
    const uuid = isJsonObject(answer.body) ? answer.body['uuid'] : null;
    return { mayRetry: false, nodeUuid: typeof uuid === 'string' ? uuid : null, reason: '' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { mayRetry: true, nodeUuid: null, reason };
  }
};
