// The two links that every resource carries.

export const linkPair = (base: string, path: string): string =>
  `[{"href":"${base}/v1/${path}","rel":"self"},{"href":"${base}/${path}","rel":"bookmark"}]`;
