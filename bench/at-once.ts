// The same for each of many, so many of them at the same time.

export const atOnce = async <T>(
  items: readonly T[],
  clients: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> => {
  const left = items.values();
  const client = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(clients, items.length) }, client));
};
