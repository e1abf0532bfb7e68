// The bytes of a page: rows are encoded one after another as they are written. One string of some MiB would be put
// together, measured, and encoded, each a walk over memory that is not in the processor's cache any more.

/** A character of a JavaScript string has at most three bytes in UTF-8. */
const BYTES_PER_CHARACTER_MAX = 3;
/** Rows are about as long as the first one; what is missing is made when it is missed. */
const SPARE_FACTOR = 1.25;
const SPARE_BYTES = 1_024;

const grown = (bytes: Buffer, used: number, neededBytes: number): Buffer => {
  const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + neededBytes));
  bytes.copy(larger, 0, 0, used);
  return larger;
};

/** `head`, the rows with commas between them, `tail`. */
export const pageBytes = <Row>(
  head: string,
  rows: readonly Row[],
  write: (row: Row) => string,
  tail: string,
): Buffer => {
  let bytes: Buffer = Buffer.alloc(0);
  let used = 0;
  const put = (text: string): void => {
    const neededBytes = text.length * BYTES_PER_CHARACTER_MAX;
    if (bytes.length - used < neededBytes) bytes = grown(bytes, used, neededBytes);
    used += bytes.write(text, used);
  };
  rows.forEach((row, index) => {
    const text = write(row);
    if (index === 0) {
      bytes = Buffer.allocUnsafe(
        Math.ceil(rows.length * text.length * SPARE_FACTOR) + tail.length + SPARE_BYTES,
      );
      put(head);
      put(text);
    } else put(`,${text}`);
  });
  if (rows.length === 0) put(head);
  put(tail);
  return bytes.subarray(0, used);
};
