// One audit record as a syslog message (RFC 5424): its number, hash and node as structured data, all of it as JSON.

import type { ShippedRecord } from './destination.ts';

/** Security and authorization messages. */
const FACILITY = 10;
const SEVERITIES: { readonly [severity: string]: number } = {
  critical: 2,
  high: 3,
  warning: 4,
  info: 6,
};
const ERROR = 3;
/** The number that RFC 5612 keeps free for such use. */
const STRUCTURED_ID = 'bessemer@32473';
const HOST_CHARS_MAX = 255;
const MESSAGE_ID_CHARS_MAX = 32;

/** Printable ASCII without blanks, or `-` for nothing. */
const word = (text: string, charsMax: number): string =>
  text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, charsMax) || '-';

const parameter = (name: string, value: string | number | null): string =>
  value === null ? '' : ` ${name}="${String(value).replaceAll(/["\\\]]/g, String.raw`\$&`)}"`;

/** ASCII only, so that no receiver has to guess an encoding, and one line. */
const plainJson = (record: ShippedRecord): string =>
  JSON.stringify(record).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, '0'),
  );

export type Sender = { readonly hostname: string; readonly processId: number };

export const syslogMessage = (record: ShippedRecord, sender: Sender): string => {
  const priority = FACILITY * 8 + (SEVERITIES[record.severity] ?? ERROR);
  const { seq, hash, node } = record;
  const data = parameter('seq', seq) + parameter('node', node) + parameter('hash', hash);
  return [
    `<${priority}>1`,
    record.at,
    word(sender.hostname, HOST_CHARS_MAX),
    'bessemer',
    sender.processId,
    word(record.event, MESSAGE_ID_CHARS_MAX),
    `[${STRUCTURED_ID}${data}]`,
    plainJson(record),
  ].join(' ');
};
