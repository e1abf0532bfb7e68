// How rows name a password that lies in the secret store: by the slot and by the write that stored it. Not by the store,
// so that nothing is to be rewritten when all of it moves to another one; not by the number of the version, which is
// another there; and not by the node: a reference is one of the node whose row it stands in, so that nobody gets the
// password of another node by copying text.

import { SLOT_PATTERN, WRITE_ID_PATTERN } from './secret-store.ts';

export type SecretReference = { readonly slot: string; readonly writeId: string };

const PREFIX = 'bmc-secret:';

export const referenceText = ({ slot, writeId }: SecretReference): string =>
  `${PREFIX}${slot}#${writeId}`;

/** Undefined for every other text, a password for instance. */
export const readReference = (text: string): SecretReference | undefined => {
  if (!text.startsWith(PREFIX)) return undefined;
  const [slot = '', writeId = '', ...rest] = text.slice(PREFIX.length).split('#');
  const isRight = rest.length === 0 && SLOT_PATTERN.test(slot) && WRITE_ID_PATTERN.test(writeId);
  return isRight ? { slot, writeId } : undefined;
};
