import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import * as z from 'zod/mini';
import {
  ADMIN,
  type Person,
  READER,
  READER_SCOPE,
  SERVICE,
  SERVICE_SCOPE,
  type TokenOwner,
  tokenVariable,
} from './people.ts';
import type { User } from './world.ts';

/** Where the suite has its tokens from. */
export interface Tokens {
  meet: (person: Person) => Promise<User>;
  service: () => Promise<string>;
  reader: () => Promise<string>;
  admin: () => Promise<string>;
}

const tokenAnswer = z.object({ access_token: z.string() });

/** From an issuer that gives a token to whoever asks, and so for users whom nobody else knows. */
export function tokensFromIssuer(issuerUrl: string): Tokens {
  const ask = async (sub: string, scope: string): Promise<string> => {
    const query = new URLSearchParams({ sub, scope }).toString();
    const answer = await fetch(`${issuerUrl}/dev/token?${query}`);
    return z.parse(tokenAnswer, await answer.json()).access_token;
  };
  return {
    meet: async (person) => {
      const userId = `${person}-${randomUUID()}`;
      return { userId, token: await ask(userId, '') };
    },
    service: () => ask(SERVICE, SERVICE_SCOPE),
    reader: () => ask(READER, READER_SCOPE),
    admin: () => ask(ADMIN, ADMIN),
  };
}

/** Given to the suite, each in a variable of its own. */
export function tokensFromEnvironment(): Tokens {
  const tokenOf = (name: TokenOwner): string => {
    const token = process.env[tokenVariable(name)];
    if (token === undefined || token === '') {
      throw new Error(
        `${tokenVariable(name)} is not set: docs/testing.md tells which tokens the suite needs.`,
      );
    }
    return token;
  };
  return {
    meet: async (person) => {
      const token = tokenOf(person);
      return { userId: z.parse(z.string(), decodeJwt(token).sub), token };
    },
    service: async () => tokenOf(SERVICE),
    reader: async () => tokenOf(READER),
    admin: async () => tokenOf(ADMIN),
  };
}
