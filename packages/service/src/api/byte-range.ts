// What a conditional or partial request gets: RFC 9110 sections 13 and 14, for one file with a strong tag. Only
// single ranges are partial; several at once get the whole file, as the standard allows.

export type RangeVerdict =
  | { readonly status: 200 | 206; readonly startBytes: number; readonly endBytes: number }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

type Headers = {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-range'?: string | readonly string[] | undefined;
  readonly range?: string | undefined;
};

/** `endBytes` is exclusive. */
export const evaluateConditions = (
  headers: Headers,
  file: { readonly sizeBytes: number; readonly etag: string },
): RangeVerdict => {
  const whole = { status: 200, startBytes: 0, endBytes: file.sizeBytes } as const;
  if (headers['if-match'] !== undefined && !isListed(file.etag, headers['if-match'], 'strong')) {
    return { status: 412 };
  }
  if (
    headers['if-none-match'] !== undefined &&
    isListed(file.etag, headers['if-none-match'], 'weak')
  ) {
    return { status: 304 };
  }
  const { range } = headers;
  if (range === undefined) return whole;
  // Compared strongly; a date never matches: we state none.
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && String(ifRange).trim() !== file.etag) return whole;
  return evaluateRange(range, file.sizeBytes) ?? whole;
};

/** Undefined: not a single range of bytes, to be passed over. */
const evaluateRange = (range: string, sizeBytes: number): RangeVerdict | undefined => {
  const match = /^bytes=\s*(\d{0,16})-(\d{0,16})\s*$/i.exec(range);
  if (match === null) return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    if (length === 0) return { status: 416 };
    return { status: 206, startBytes: sizeBytes - length, endBytes: sizeBytes };
  }
  const startBytes = Number(first);
  if (last !== '' && Number(last) < startBytes) return undefined;
  if (startBytes >= sizeBytes) return { status: 416 };
  const endBytes = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return { status: 206, startBytes, endBytes };
};

const isListed = (etag: string, list: string, strength: 'strong' | 'weak'): boolean => {
  if (list.trim() === '*') return true;
  const tags = list.split(',').map((tag) => tag.trim());
  return tags.some((tag) => (strength === 'weak' ? tag.replace(/^W\//, '') : tag) === etag);
};
