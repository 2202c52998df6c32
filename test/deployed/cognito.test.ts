import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type Answer, ask, expectAnswer } from '../e2e/support/http.ts';
import { readOutputs } from '../e2e/support/stack.ts';
import { ADMIN, READER_SCOPE } from '../e2e/support/people.ts';
import { tokensFromIssuer } from '../e2e/support/tokens.ts';
import { poolOutputs, signInMachine, signInSomebodyNew } from './support/cognito.ts';

/** The stack that was deployed without an issuer: its users are those of the user pool that it has made. */
const world = { url: String(process.env['POSTAGE_COGNITO_URL']) };
const STACK = String(process.env['POSTAGE_COGNITO_STACK']);

async function count(userId: string, token: string): Promise<Answer> {
  const json = { consume: { letters: 1 } };
  return ask(world, `POST /users/${userId}/usage`, { token, json, key: 'counted-once' });
}

describe('a stack with a user pool of its own', () => {
  let person = { userId: '', token: '' };
  let machine = '';
  let admin = '';

  beforeAll(async () => {
    const outputs = await readOutputs(STACK, poolOutputs);
    const token = await signInSomebodyNew(outputs);
    person = { userId: String(decodeJwt(token).sub), token };
    machine = await signInMachine(outputs);
    admin = await signInSomebodyNew(outputs, ADMIN);
  });

  it('knows its users by their access tokens', async () => {
    const answer = await ask(world, 'GET /entitlements', { token: person.token });
    expectAnswer(answer, 200, { userId: person.userId, plan: 'none' });
  });

  it('G13: lets the machine count usage, and nobody else', async () => {
    expectAnswer(await count(person.userId, machine), 200, { consumed: { letters: 1 } });
    expectAnswer(await count(person.userId, person.token), 403, { code: 'forbidden' });
  });

  it('G13: lets the machine see an account by a scope that counts nothing', async () => {
    const token = await signInMachine(await readOutputs(STACK, poolOutputs), READER_SCOPE);
    const path = `GET /users/${person.userId}/account`;
    expectAnswer(await ask(world, path, { token }), 200, { userId: person.userId });
    expectAnswer(await count(person.userId, token), 403, { code: 'forbidden' });
    expectAnswer(await ask(world, path, { token: person.token }), 403, { code: 'forbidden' });
  });

  it('G13: lets those of the group admin see every account, and nobody else', async () => {
    const path = `GET /admin/users/${person.userId}`;
    expectAnswer(await ask(world, path, { token: admin }), 200, { userId: person.userId });
    expectAnswer(await ask(world, path, { token: person.token }), 403, { code: 'forbidden' });
    expectAnswer(await ask(world, path, { token: machine }), 403, { code: 'forbidden' });
  });

  it('G13: does not know the tokens of another issuer', async () => {
    const stranger = await tokensFromIssuer(String(process.env['POSTAGE_ISSUER_URL'])).meet('freeVisitor');
    expect((await ask(world, 'GET /entitlements', { token: stranger.token })).status).toBe(401);
  });
});
