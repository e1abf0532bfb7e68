// What a BMC says when it refuses: `@Message.ExtendedInfo`, made short and printable, without secrets.

import type { JsonValue } from '@bessemer/protocol/json';

import { memberAt, printable } from './json-guard.ts';

const MESSAGES_MAX = 4;
const MESSAGE_CHARACTERS_MAX = 300;

export type BmcMessage = {
  /** The last part of the message id, e.g. `PropertyValueNotInList`; versions in between differ. */
  readonly key: string;
  readonly text: string;
  /** What the message is about: names of properties or parameters. */
  readonly arguments: readonly string[];
};

/** `secrets` are cut out of every text: some BMCs repeat what was sent to them. */
export const messagesOf = (
  answer: JsonValue | undefined,
  secrets: readonly string[],
): readonly BmcMessage[] => {
  const list =
    memberAt(answer, 'error', '@Message.ExtendedInfo') ?? memberAt(answer, '@Message.ExtendedInfo');
  const entries = Array.isArray(list) && list.length > 0 ? list : [memberAt(answer, 'error')];
  return entries.slice(0, MESSAGES_MAX).flatMap((entry) => {
    const id = memberAt(entry, 'MessageId') ?? memberAt(entry, 'code');
    const text = memberAt(entry, 'Message') ?? memberAt(entry, 'message');
    const args = memberAt(entry, 'MessageArgs');
    if (typeof id !== 'string' && typeof text !== 'string') return [];
    const key = typeof id === 'string' ? (id.split('.').at(-1) ?? '') : '';
    return [
      {
        key: clean(key, secrets),
        text: clean(typeof text === 'string' ? text : key, secrets),
        arguments: Array.isArray(args)
          ? args
              .slice(0, MESSAGES_MAX)
              .flatMap((each) => (typeof each === 'string' ? [clean(each, secrets)] : []))
          : [],
      },
    ];
  });
};

/** One line, without the last full stop: it becomes part of a sentence. */
export const textOf = (messages: readonly BmcMessage[]): string =>
  messages
    .map((message) => message.text)
    .filter((text) => text !== '')
    .join(' ')
    .replace(/\.$/, '');

const clean = (text: string, secrets: readonly string[]): string => {
  let cleaned = text;
  for (const secret of secrets) {
    if (secret !== '') cleaned = cleaned.replaceAll(secret, '***');
  }
  return printable(cleaned).trim().slice(0, MESSAGE_CHARACTERS_MAX);
};
