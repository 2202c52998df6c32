import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { STREAM_CONSUMERS } from '../../lambdas/letters/wiring/stream-filters.ts';
import type { DynamoDBRecord } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { createClock } from '../../local/clock.ts';
import type { DataDirectory } from '../../local/data-directory.ts';
import { followStream, type StreamFollower, type StreamHandler } from '../../local/stream.ts';
import { sendRaw } from '../support/raw-request.ts';
import { type Postage, startPostage } from '../support/server.ts';
import { useTable } from '../support/table.ts';
import { request, writeLetter } from '../support/users.ts';

const table = useTable();

/** Keeps what is written in memory, as a directory does from one start to the next. */
function keepInMemory(): DataDirectory {
  const values = new Map<string, object>();
  return {
    read: (name) => values.get(name),
    write: (name, value) => void values.set(name, structuredClone(value)),
  };
}

const letterIn = ({ dynamodb }: DynamoDBRecord): string[] => {
  const sk = dynamodb?.Keys?.['sk']?.S ?? '';
  return sk.startsWith('LETTER#') ? [sk] : [];
};

describe('the follower of the stream', () => {
  const followers: StreamFollower[] = [];
  const failures: string[][] = [];

  beforeEach(() => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: table.endpoint(),
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    failures.length = 0;
  });

  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
  });

  async function follow(outbox: StreamHandler, data: DataDirectory): Promise<StreamFollower> {
    const follower = await followStream({
      table: table.store().table,
      consumers: STREAM_CONSUMERS,
      functions: {
        outbox: () => Promise.resolve({ handler: outbox }),
        statistics: () => Promise.resolve({ handler: () => Promise.resolve(undefined) }),
      },
      clock: createClock(keepInMemory()),
      data,
      onFailure: (_, records) => failures.push(records.flatMap(letterIn)),
      onError: (error) => {
        throw error;
      },
    });
    followers.push(follower);
    return follower;
  }

  async function writeLetters(count: number): Promise<string[]> {
    const userId = randomUUID();
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const id of ids) {
      await writeLetter(table.store(), request(userId, '2026-02-10', { id }));
    }
    return ids.map((id) => `LETTER#${id}`);
  }

  it('hands over all changes in order, without letters’ texts, and goes on where it was', async () => {
    const seen: string[] = [];
    const see: StreamHandler = ({ Records }) => {
      seen.push(...Records.map(({ dynamodb }) => dynamodb?.Keys?.['sk']?.S ?? ''));
      return Promise.resolve({ batchItemFailures: [] });
    };
    const data = keepInMemory();
    const first = await writeLetters(4);
    const follower = await follow(see, data);
    await follower.caughtUp();
    expect(seen.filter((sk) => first.includes(sk))).toEqual(first);
    expect(seen.some((sk) => sk.startsWith('BODY#'))).toBe(false);
    await follower.stop();
    seen.length = 0;
    const second = await writeLetters(3);
    const next = await follow(see, data);
    await next.caughtUp();
    await next.stop();
    expect(seen.filter((sk) => sk.startsWith('LETTER#'))).toEqual(second);
  });

  it('G12: gives up nothing but the record that fails, however it fails', async () => {
    const letters = await writeLetters(5);
    const [reported, , thrown] = letters;
    const done = new Set<string>();
    const fail: StreamHandler = ({ Records }) => {
      const ids = Records.flatMap(letterIn);
      if (ids.includes(thrown ?? '')) {
        return Promise.reject(new Error('as told'));
      }
      const bad = Records.filter((record) => letterIn(record).includes(reported ?? ''));
      ids.filter((id) => id !== reported).forEach((id) => done.add(id));
      return Promise.resolve({
        batchItemFailures: bad.map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber ?? '' })),
      });
    };
    const follower = await follow(fail, keepInMemory());
    await follower.caughtUp();
    await follower.stop();
    expect(failures).toEqual([[reported], [thrown]]);
    expect(letters.filter((id) => !done.has(id))).toEqual([reported, thrown]);
  });
});

describe('GET /dev/events', () => {
  let postage: Postage;
  let authorization: string;

  beforeAll(async () => {
    postage = await startPostage();
    await postage.followStream();
    authorization = `Bearer ${await postage.token('ada')}`;
    await postage.setPlan('ada', 'pro');
    for (let letters = 0; letters < 3; letters += 1) {
      const answer = await sendRaw(postage.url, {
        method: 'POST',
        path: '/letters',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'To myself', body: 'Hello' }),
      });
      expect(answer.status).toBe(201);
    }
  });

  afterAll(async () => {
    expect(postage.errors).toEqual([]);
    await postage.stop();
  });

  async function eventsOf(query: string): Promise<{ name: string; userId: string }[]> {
    const { body } = await sendRaw(postage.url, { path: `/dev/events?${query}` });
    return (body as { items: { name: string; userId: string }[] }).items;
  }

  it('tells what has been published, newest first, by name and user', async () => {
    expect((await eventsOf('user=ada')).map(({ name }) => name)).toEqual([
      'LetterCreated',
      'LetterCreated',
      'LetterCreated',
      'PeriodClosed',
      'CreditsChanged',
      'SubscriptionChanged',
    ]);
    expect(await eventsOf('name=LetterCreated&limit=2')).toHaveLength(2);
    expect(await eventsOf('user=grace')).toEqual([]);
    expect((await sendRaw(postage.url, { path: '/dev/failed-records' })).body).toEqual({ items: [] });
  });

  it.each(['limit=0', 'limit=1001', 'limit=few', 'kind=LetterCreated'])('refuses ?%s', async (query) => {
    expect(await sendRaw(postage.url, { path: `/dev/events?${query}` })).toMatchObject({ status: 422 });
  });
});
