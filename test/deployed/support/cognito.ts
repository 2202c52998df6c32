import { randomUUID } from 'node:crypto';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminInitiateAuthCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import * as z from 'zod/mini';
import { SERVICE_SCOPE } from '../../e2e/support/people.ts';

/** What a stack with a user pool of its own tells of it. */
export const poolOutputs = z.object({
  UserPoolId: z.string(),
  PeopleClientId: z.string(),
  MachineClientId: z.string(),
  TokenUrl: z.string(),
});

type Pool = z.infer<typeof poolOutputs>;

const cognito = new CognitoIdentityProviderClient();

interface Person {
  username: string;
  password: string;
}

/** Somebody new, made as an admin may. */
export async function makeSomebody({ UserPoolId }: Pool): Promise<Person> {
  const Username = `${randomUUID()}@example.com`;
  const Password = `Aa1-${randomUUID()}`;
  await cognito.send(new AdminCreateUserCommand({ UserPoolId, Username, MessageAction: 'SUPPRESS' }));
  await cognito.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
  return { username: Username, password: Password };
}

/** By their password, as an admin may. @returns the access token */
export async function signIn(
  { UserPoolId, PeopleClientId }: Pool,
  { username, password }: Person,
): Promise<string> {
  const { AuthenticationResult } = await cognito.send(
    new AdminInitiateAuthCommand({
      UserPoolId,
      ClientId: PeopleClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: username, PASSWORD: password },
    }),
  );
  return z.parse(z.string(), AuthenticationResult?.AccessToken);
}

/** Somebody new, made, put into a group and signed in. @returns the access token */
export async function signInSomebodyNew(pool: Pool, group: string | null = null): Promise<string> {
  const person = await makeSomebody(pool);
  if (group !== null) {
    const { UserPoolId } = pool;
    await cognito.send(
      new AdminAddUserToGroupCommand({ UserPoolId, Username: person.username, GroupName: group }),
    );
  }
  return signIn(pool, person);
}

const tokenAnswer = z.object({ access_token: z.string() });

/** A token of the machine, which may count usage and see accounts, for its secret. */
export async function signInMachine(
  { UserPoolId, MachineClientId, TokenUrl }: Pool,
  scope = SERVICE_SCOPE,
): Promise<string> {
  const { UserPoolClient } = await cognito.send(
    new DescribeUserPoolClientCommand({ UserPoolId, ClientId: MachineClientId }),
  );
  const basic = Buffer.from(`${MachineClientId}:${String(UserPoolClient?.ClientSecret)}`).toString('base64');
  // An emulator answers for the pool's domain at its own address.
  const emulator = process.env['AWS_ENDPOINT_URL'];
  const answer = await fetch(emulator === undefined ? TokenUrl : `${emulator}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  return z.parse(tokenAnswer, await answer.json()).access_token;
}
