import { type AttributeValue, BatchWriteItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { type Table } from '../../lambdas/adapters/dynamodb/store.ts';
import { createTable } from '../../local/create-table.ts';

export type WholeItem = Record<string, AttributeValue>;

/** Everything in a table, in the order of its keys. */
export async function itemsOf({ client, table }: Table): Promise<WholeItem[]> {
  const items: WholeItem[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table })) {
    items.push(...Items);
  }
  const keyOf = ({ pk, sk }: WholeItem): string => `${pk?.S ?? ''} ${sk?.S ?? ''}`;
  return items.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** The embedded engine can't restore to a point in time, so this copies a table as it is at that time. */
export async function copyTable(from: Table, table: string): Promise<void> {
  await createTable(from.client, table);
  const items = await itemsOf(from);
  for (let first = 0; first < items.length; first += 25) {
    const requests = items.slice(first, first + 25).map((Item) => ({ PutRequest: { Item } }));
    await from.client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  }
}
