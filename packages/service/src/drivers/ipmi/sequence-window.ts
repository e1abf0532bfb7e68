// Which packets of the BMC are new. Each authenticated packet has a number; a number is believed once, and only
// when it is not far behind the highest one seen: a packet that was kept and sent again later tells old news.

/** How far a packet may be overtaken by others and still count; what the specification gives both sides. */
const BEHIND_MAX = 16;
const NUMBER_MAX = 0xffff_ffff;

export type SequenceWindow = {
  /** True once for each number of an authenticated packet. A number far ahead passes: lost packets explain it. */
  readonly take: (number: number) => boolean;
};

export const makeSequenceWindow = (): SequenceWindow => {
  let highest = 0;
  let seen = new Set<number>();
  return {
    take: (number) => {
      if (number < 1 || number > NUMBER_MAX || number <= highest - BEHIND_MAX) return false;
      if (seen.has(number)) return false;
      seen.add(number);
      if (number > highest) {
        highest = number;
        seen = new Set([...seen].filter((each) => each > highest - BEHIND_MAX));
      }
      return true;
    },
  };
};
