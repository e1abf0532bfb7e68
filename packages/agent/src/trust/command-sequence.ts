// The order of signed commands: `<fence>.<number>` must rise, by fence first. A captured command can so never be
// sent again, and a conductor that lost its lease is told so.

export type CommandOrder = { readonly fence: number; readonly number: number };

export type SequenceVerdict = 'rises' | 'older fence' | 'seen before';

export type CommandSequence = {
  /** Remembers the order only when it rises. Ask after the signature was found right, never before. */
  readonly admit: (order: CommandOrder) => SequenceVerdict;
};

const PATTERN = /^([0-9]{1,15})\.([0-9]{1,15})$/;

/** Undefined when the text is no order. */
export const parseCommandOrder = (text: string): CommandOrder | undefined => {
  const match = PATTERN.exec(text);
  return match === null ? undefined : { fence: Number(match[1]), number: Number(match[2]) };
};

export const makeCommandSequence = (): CommandSequence => {
  let last: CommandOrder = { fence: -1, number: -1 };
  return {
    admit: (order) => {
      if (order.fence < last.fence) return 'older fence';
      if (order.fence === last.fence && order.number <= last.number) return 'seen before';
      last = order;
      return 'rises';
    },
  };
};
