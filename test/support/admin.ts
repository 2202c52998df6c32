/** What an administrator does through the API, and what the audit trail tells of it. */
import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { appendAudit, listAuditRecords } from '../../lambdas/adapters/dynamodb/audit.ts';
import { type AuditRecord } from '../../lambdas/domain/audit.ts';
import { HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import {
  ADDRESS,
  type ApiAnswer,
  type ApiRequest,
  type ApiUser,
  call,
  LETTER,
  someApiUser,
  YEAR_MS,
} from './api-client.ts';
import { type Postage } from './server.ts';
import { plentyOfTime } from './table.ts';

export const ADMIN = 'admin-1';

export interface Administrator {
  /** Calls a route under `/admin`. */
  ask: (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>;
  /** Gets what has to be there. */
  get: (path: string) => Promise<ApiAnswer['body']>;
  /** Gets a page that has to be there. */
  getPage: (path: string) => Promise<AdminPage>;
  adjust: (userId: string, body: unknown, key?: string) => Promise<ApiAnswer>;
}

export interface AdminPage {
  items: Record<string, unknown>[];
  nextCursor: string | null;
}

export async function administratorOf(postage: Postage): Promise<Administrator> {
  const token = await postage.token(ADMIN, 'openid admin');
  const ask: Administrator['ask'] = (method, path, request = {}) =>
    call(postage, method, `/admin${path}`, { token, ...request });
  const get: Administrator['get'] = async (path) => {
    const { status, body } = await ask('GET', path);
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  return {
    ask,
    get,
    // The shape is the contract's, which every answer is held against.
    getPage: async (path) => (await get(path)) as unknown as AdminPage,
    adjust: (userId, body, key = randomUUID()) =>
      ask('POST', `/users/${userId}/credit-adjustments`, { headers: { 'idempotency-key': key }, body }),
  };
}

/** A subscriber who has written a letter and sent it by mail. */
export async function someSender(postage: Postage): Promise<ApiUser> {
  const user = await someApiUser(postage, 'enterprise');
  const letter = await user.call('POST', '/letters', { body: LETTER });
  const deliverAt = toIso(postage.clock.now() + YEAR_MS);
  const body = { letterId: letter.body['id'], channel: 'mail', deliverAt, recipient: ADDRESS };
  expect((await user.call('POST', '/deliveries', { body })).status).toBe(201);
  return user;
}

/** What the audit trail tells of a user, the oldest first. */
export async function trailOf({ store }: Postage, userId: string): Promise<AuditRecord[]> {
  const page = { limit: 100, after: null };
  const { items } = await listAuditRecords(store, { userId }, page, plentyOfTime());
  return items.toReversed();
}

/** Puts a record into the audit trail, at nine in the morning unless told otherwise. */
export async function appendTo(
  { store }: Postage,
  type: string,
  day: string,
  about: Partial<AuditRecord> = {},
): Promise<void> {
  const at = Date.parse(day) + 9 * HOUR_MS;
  const record = { id: randomUUID(), at, type, actor: 'postage:test', data: {}, ...about };
  await appendAudit(store, record, plentyOfTime());
}
