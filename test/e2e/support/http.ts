import { expect } from '@jest/globals';
import type { World } from './world.ts';

export interface Question {
  token?: string;
  json?: unknown;
  /** In place of `json`: sent as it is. */
  body?: string | Uint8Array<ArrayBuffer>;
  /** `Idempotency-Key` */
  key?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The members of a JSON body; none where it is something else. */
  body: Record<string, unknown>;
}

/** Longer than the gateway waits. */
const ANSWERS_WITHIN_MS = 40_000;

/** Asks over HTTP, as any client does: `ask(world, 'POST /letters', { token, json })`. */
export async function ask(
  { url }: Pick<World, 'url'>,
  request: string,
  question: Question = {},
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ', 2);
  const { token, json, body = json === undefined ? null : JSON.stringify(json), key } = question;
  const answer = await fetch(url + path, {
    method,
    body,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...question.headers,
    },
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: membersOf(parsed(text)) };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}

/** Those of an object; none of anything else. */
export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Status and body in one comparison, so that a failure shows both. */
export function expectAnswer(answer: Answer, status: number, body: Record<string, unknown> = {}): void {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body });
}

/** Asks for what has to be there. */
export async function get(world: World, path: string, token: string): Promise<Record<string, unknown>> {
  const answer = await ask(world, `GET ${path}`, { token });
  expectAnswer(answer, 200);
  return answer.body;
}
