// Reads an answer of a peer to its end, and no further than it may be long.

export class AnswerTooLong extends Error {}

/** Throws AnswerTooLong, and what `chunks` throws. */
export const readBounded = async (
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax)
      throw new AnswerTooLong(`the answer is longer than ${bytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};
