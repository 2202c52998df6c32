/** What the functions ask of tokens and users of a Cognito user pool, and a secret that can't be read for a while. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createSecretReader } from '../../lambdas/adapters/secrets.ts';
import { connectUserPool, type UserPool } from '../../lambdas/adapters/user-pool.ts';
import { admit } from '../../lambdas/http/access.ts';
import { startAwsStandIn } from '../../local/aws-stand-in.ts';
import { AwsError } from '../../local/aws-error.ts';
import { httpEvent } from '../support/http-event.ts';

const POOL = 'eu-central-1_1';
const factors: Record<string, string[]> = { ada: ['SOFTWARE_TOKEN_MFA'], bob: [] };
let deleted: string[] = [];
let isDown = false;
let secret = 'old';
let reads = 0;
let pool: UserPool | null;
let standIn: Awaited<ReturnType<typeof startAwsStandIn>>;

function known(request: unknown): string {
  const { Username, UserPoolId } = request as { Username: string; UserPoolId: string };
  if (UserPoolId !== POOL || factors[Username] === undefined) {
    throw new AwsError('UserNotFoundException', 'User does not exist.');
  }
  return Username;
}

beforeAll(async () => {
  standIn = await startAwsStandIn({
    'AWSCognitoIdentityProviderService.AdminGetUser': (request) => {
      const Username = known(request);
      return { Username, UserMFASettingList: factors[Username] };
    },
    'AWSCognitoIdentityProviderService.AdminDeleteUser': (request) => {
      deleted.push(known(request));
      return {};
    },
    'secretsmanager.GetSecretValue': () => {
      reads += 1;
      if (isDown) {
        throw new AwsError('ValidationException', 'as told');
      }
      return { SecretString: secret };
    },
  });
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: standIn.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: standIn.url,
  });
  pool = connectUserPool(POOL);
});

afterAll(() => standIn.stop());

const ADMIN = { 'cognito:groups': '[admin]', token_use: 'access' };

describe('an admin', () => {
  const admitAdmin = (sub: string) =>
    admit(httpEvent({ claims: { ...ADMIN, sub } }), 'admin', null, pool?.hasSecondFactor);

  it('G13: with a second factor is let in', async () => {
    expect(await admitAdmin('ada')).toMatchObject({ actor: 'ada' });
  });

  it.each(['bob', 'nobody'])('G13: without one is not: %s', async (sub) => {
    await expect(admitAdmin(sub)).rejects.toThrow(/second factor/);
  });

  it('G13: is not asked for one where the issuer sees to that', async () => {
    const event = httpEvent({ claims: { ...ADMIN, sub: 'bob' } });
    expect(await admit(event, 'admin', null, null)).toMatchObject({ actor: 'bob' });
  });
});

describe('a token of Cognito', () => {
  const admitUser = (claims: object) => admit(httpEvent({ claims: { sub: 'ada', ...claims } }), 'user', null);

  it('lets its user in when it is an access token', async () => {
    expect(await admitUser({ token_use: 'access', client_id: 'people' })).toMatchObject({ userId: 'ada' });
  });

  it('G13: lets nobody in when it is an ID token', async () => {
    await expect(admitUser({ token_use: 'id', aud: 'people' })).rejects.toThrow(/access token/);
  });

  it('G13: is no user’s when it is a machine’s', async () => {
    await expect(admitUser({ token_use: 'access', sub: 'm', client_id: 'm' })).rejects.toThrow(/machine/);
  });
});

describe('the user pool', () => {
  it('forgets an erased user, and somebody whom it does not know', async () => {
    deleted = [];
    await pool?.deleteUser('ada');
    await pool?.deleteUser('nobody');
    expect(deleted).toEqual(['ada']);
  });

  it('is none where tokens come from another issuer', () => {
    expect(connectUserPool(null)).toBeNull();
  });
});

describe('a secret', () => {
  afterAll(() => {
    isDown = false;
  });

  it('of before serves on for a quarter of an hour while the new one can’t be read', async () => {
    const now = jest.spyOn(performance, 'now');
    const begin = 1_000_000;
    const readAt = async (seconds: number): Promise<string> => {
      now.mockReturnValue(begin + seconds * 1_000);
      return read();
    };
    const read = createSecretReader('any');
    expect(await readAt(0)).toBe('old');
    secret = 'new';
    expect(await readAt(59)).toBe('old');
    isDown = true;
    reads = 0;
    expect(await readAt(61)).toBe('old');
    expect(await readAt(70)).toBe('old');
    expect(reads).toBe(1);
    expect(await readAt(15 * 60)).toBe('old');
    await expect(readAt(15 * 60 + 11)).rejects.toThrow();
    isDown = false;
    expect(await readAt(15 * 60 + 12)).toBe('new');
  });
});
