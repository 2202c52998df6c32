import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminInitiateAuthCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import * as z from 'zod/mini';
import { type Answer, ask, expectAnswer } from '../e2e/support/http.ts';
import { readOutputs } from '../e2e/support/stack.ts';

/** The stack that was deployed without an issuer: its users are those of the user pool that it has made. */
const world = { url: String(process.env['POSTAGE_COGNITO_URL']) };

const poolOutputs = z.object({
  UserPoolId: z.string(),
  PeopleClientId: z.string(),
  MachineClientId: z.string(),
});

const cognito = new CognitoIdentityProviderClient();

/** As an admin may: somebody new, who has signed in. */
async function signIn({ UserPoolId, PeopleClientId }: z.infer<typeof poolOutputs>): Promise<string> {
  const Username = `ada-${randomUUID()}@example.com`;
  const Password = `Aa1-${randomUUID()}`;
  await cognito.send(new AdminCreateUserCommand({ UserPoolId, Username, MessageAction: 'SUPPRESS' }));
  await cognito.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
  const { AuthenticationResult } = await cognito.send(
    new AdminInitiateAuthCommand({
      UserPoolId,
      ClientId: PeopleClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: Username, PASSWORD: Password },
    }),
  );
  return z.parse(z.string(), AuthenticationResult?.AccessToken);
}

/** By its secret. MiniStack answers for the pool's domain at its own address. */
async function tokenOfMachine({ UserPoolId, MachineClientId }: z.infer<typeof poolOutputs>): Promise<string> {
  const { UserPoolClient } = await cognito.send(
    new DescribeUserPoolClientCommand({ UserPoolId, ClientId: MachineClientId }),
  );
  const basic = Buffer.from(`${MachineClientId}:${String(UserPoolClient?.ClientSecret)}`).toString('base64');
  const answer = await fetch(`${String(process.env['AWS_ENDPOINT_URL'])}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'postage/usage:write' }),
  });
  return z.parse(z.object({ access_token: z.string() }), await answer.json()).access_token;
}

async function count(userId: string, token: string): Promise<Answer> {
  const json = { consume: { letters: 1 } };
  return ask(world, `POST /users/${userId}/usage`, { token, json, key: 'counted-once' });
}

describe('a stack with a user pool of its own', () => {
  let person = { userId: '', token: '' };
  let machine = '';

  beforeAll(async () => {
    const outputs = await readOutputs(String(process.env['POSTAGE_COGNITO_STACK']), poolOutputs);
    const token = await signIn(outputs);
    person = { userId: String(decodeJwt(token).sub), token };
    machine = await tokenOfMachine(outputs);
  });

  it('knows its users by their access tokens', async () => {
    const answer = await ask(world, 'GET /entitlements', { token: person.token });
    expectAnswer(answer, 200, { userId: person.userId, plan: 'none' });
  });

  it('G13: lets the machine count usage, and nobody else', async () => {
    expectAnswer(await count(person.userId, machine), 200, { consumed: { letters: 1 } });
    expectAnswer(await count(person.userId, person.token), 403, { code: 'forbidden' });
  });

  it('G13: does not know the tokens of another issuer', async () => {
    const { POSTAGE_ISSUER_URL } = process.env;
    const other = await fetch(`${String(POSTAGE_ISSUER_URL)}/dev/token?sub=${person.userId}`);
    const { access_token: token } = z.parse(z.object({ access_token: z.string() }), await other.json());
    expect((await ask(world, 'GET /entitlements', { token })).status).toBe(401);
  });
});
