// POST /v1/events: what the network service tells of its ports. It is checked and logged; nothing here waits for it.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { isUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody, shown, shownKind } from '../query.ts';
import { asMac } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';

const EVENTS = ['network.bind_port', 'network.unbind_port', 'network.delete_port'];
const REQUIRED = ['event', 'port_id', 'mac_address', 'status'];
const OPTIONAL = ['device_id', 'binding:host_id', 'binding:vnic_type'];
const KEYS: ReadonlySet<string> = new Set([...REQUIRED, ...OPTIONAL]);

/** A network service tells a few at a time. */
const EVENTS_MAX = 1_000;
const TEXT_CHARS_MAX = 255;

export const eventsRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/events',
  rule: 'baremetal:events:post',
  since: 'events',
  handle: (request, reply) => {
    const events = readEvents(requireObjectBody(request));
    for (const event of events) parts.log.info({ request: request.id, event }, 'external event');
    return reply.code(204).send();
  },
});

const eventError = (text: string): Refusal => new Refusal(400, `Schema error for events: ${text}`);

const readEvents = ({ events, ...others }: JsonObject): readonly JsonObject[] => {
  refuseUnknown(others);
  if (events === undefined) throw eventError("'events' is a required property");
  if (!Array.isArray(events)) throw eventError(`events: ${shown(events)} is not of type 'array'`);
  if (events.length === 0) throw eventError('events: [] is too short');
  if (events.length > EVENTS_MAX) throw eventError(`events: more than ${EVENTS_MAX}`);
  return events.map(readEvent);
};

const refuseUnknown = (others: JsonObject): void => {
  const [unknown] = Object.keys(others);
  if (unknown === undefined) return;
  throw eventError(`Additional properties are not allowed ('${shown(unknown)}' was unexpected)`);
};

const readEvent = (event: JsonValue): JsonObject => {
  if (!isJsonObject(event)) throw eventError(`${shownKind(event)} is not of type 'object'`);
  const missing = REQUIRED.find((name) => event[name] === undefined);
  if (missing !== undefined) throw eventError(`'${missing}' is a required property`);
  refuseUnknown(Object.fromEntries(Object.entries(event).filter(([name]) => !KEYS.has(name))));
  const { event: kind } = event;
  if (typeof kind !== 'string' || !EVENTS.includes(kind)) {
    throw eventError(`event: '${shown(kind)}' is not one of ${EVENTS.join(', ')}`);
  }
  const port = event['port_id'];
  if (typeof port !== 'string' || !isUuid(port)) {
    throw eventError(`port_id: '${shown(port)}' is not a UUID`);
  }
  requireText('status', event['status'] ?? null);
  for (const name of OPTIONAL) if (event[name] != null) requireText(name, event[name]);
  return { ...event, mac_address: asMac('mac_address', event['mac_address'] ?? null) };
};

const requireText = (name: string, value: JsonValue): void => {
  if (typeof value === 'string' && value.length <= TEXT_CHARS_MAX) return;
  throw eventError(
    `${name}: ${shown(value)} is not a text of at most ${TEXT_CHARS_MAX} characters`,
  );
};
