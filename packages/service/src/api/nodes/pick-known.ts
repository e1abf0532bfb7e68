// `fields=` of the small lists of a node.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { asList } from '../query.ts';

/** Undefined when nothing was asked for. Throws Refusal(400) for a name that is not `known`. */
export const pickKnown = (
  text: string | undefined,
  known: readonly string[],
): readonly string[] | undefined => {
  const names = asList(text);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new Refusal(
    400,
    `Field ${unknown.slice(0, 100)} is not a valid field. There are ${known.join(', ')}.`,
  );
};
