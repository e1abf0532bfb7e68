// Who waits to be let in: each source has a queue of its own, and the sources take turns, so that whoever comes with
// many waits behind his own and nobody else does.

export type WaitingLine<Item> = {
  readonly sizeOf: (source: string) => number;
  readonly size: () => number;
  readonly add: (source: string, item: Item) => void;
  readonly remove: (source: string, item: Item) => void;
  /** Takes the oldest of the next source for which `isTurn` is true. */
  readonly next: (isTurn: (source: string, oldest: Item) => boolean) => Item | undefined;
  /** Takes the newest of whoever has most. */
  readonly dropFromLongest: () => Item | undefined;
};

export const makeWaitingLine = <Item>(): WaitingLine<Item> => {
  /** In the order of turns: who had one goes to the end. */
  const queues = new Map<string, Item[]>();
  let size = 0;

  const taken = (source: string, queue: Item[], item: Item | undefined): Item | undefined => {
    size -= 1;
    queues.delete(source);
    if (queue.length > 0) queues.set(source, queue);
    return item;
  };

  return {
    sizeOf: (source) => queues.get(source)?.length ?? 0,
    size: () => size,
    add: (source, item) => {
      const queue = queues.get(source);
      if (queue === undefined) queues.set(source, [item]);
      else queue.push(item);
      size += 1;
    },
    remove: (source, item) => {
      const queue = queues.get(source);
      const index = queue?.indexOf(item) ?? -1;
      if (queue === undefined || index < 0) return;
      queue.splice(index, 1);
      size -= 1;
      if (queue.length === 0) queues.delete(source);
    },
    next: (isTurn) => {
      for (const [source, queue] of queues) {
        const [oldest] = queue;
        if (oldest === undefined || !isTurn(source, oldest)) continue;
        queue.shift();
        return taken(source, queue, oldest);
      }
      return undefined;
    },
    dropFromLongest: () => {
      let longest: [string, Item[]] | undefined;
      for (const entry of queues) {
        if (longest === undefined || entry[1].length > longest[1].length) longest = entry;
      }
      return longest && taken(longest[0], longest[1], longest[1].pop());
    },
  };
};
