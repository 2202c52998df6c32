/** Maps items, so many at the same time; the results come in the order in which they are ready. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[] | AsyncGenerator<Item>,
  concurrency: number,
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = 'next' in items ? items : items.values();
  const work = async (): Promise<void> => {
    for await (const item of queue) {
      results.push(await map(item));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}
