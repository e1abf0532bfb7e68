// What carries datagrams to one BMC and back. UDP in production; tests hand in others.

export type Transport = {
  /** Never throws: a datagram that could not leave is a lost one. */
  readonly send: (datagram: Buffer) => void;
  /** One listener at a time; the earlier one hears no more. */
  readonly listen: (listener: (datagram: Buffer) => void) => void;
  readonly close: () => void;
};

/** So many bytes that nobody can foretell. */
export type Random = (sizeBytes: number) => Buffer;
