// The name that somebody who mistyped probably meant.

/** More changes than these, and a guess would only confuse. */
const DISTANCE_MAX = 6;

export const nearest = (typed: string, names: readonly string[]): string | undefined => {
  let best: string | undefined;
  let bestDistance = DISTANCE_MAX + 1;
  const text = typed.slice(0, 100);
  for (const name of names) {
    const key = name.slice(name.indexOf('.') + 1);
    // A right key in a wrong section is the likeliest mistake of all.
    const isOtherSection = text.slice(text.indexOf('.') + 1) === key;
    const each = isOtherSection ? 0 : distance(text, name);
    if (each < bestDistance) {
      best = name;
      bestDistance = each;
    }
  }
  return best;
};

/** Insertions, deletions and replacements between two short texts. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
};
