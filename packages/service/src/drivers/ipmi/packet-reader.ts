// Reading bytes of a packet in order. A packet that ends too early is malformed, never an exception of the runtime.

/** Thrown by a reader, caught by `parsed`; nobody else sees it. */
class Malformed extends Error {}

export type PacketReader = {
  readonly byte: () => number;
  readonly uint16: () => number;
  readonly uint24: () => number;
  readonly uint32: () => number;
  readonly take: (sizeBytes: number) => Buffer;
  readonly rest: () => Buffer;
  readonly leftBytes: () => number;
};

/** What `read` makes of the packet; undefined when the packet is too short for it or is refused. */
export const parsed = <T>(packet: Buffer, read: (reader: PacketReader) => T): T | undefined => {
  try {
    return read(makeReader(packet));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
};

/** Refuses the packet that is being read. */
export const demand = (isTrue: boolean): void => {
  if (!isTrue) throw new Malformed();
};

const makeReader = (packet: Buffer): PacketReader => {
  let at = 0;
  const take = (sizeBytes: number): Buffer => {
    if (packet.length - at < sizeBytes) throw new Malformed();
    at += sizeBytes;
    return packet.subarray(at - sizeBytes, at);
  };
  return {
    byte: () => take(1).readUInt8(),
    uint16: () => take(2).readUInt16LE(),
    uint24: () => take(3).readUIntLE(0, 3),
    uint32: () => take(4).readUInt32LE(),
    take,
    rest: () => take(packet.length - at),
    leftBytes: () => packet.length - at,
  };
};
