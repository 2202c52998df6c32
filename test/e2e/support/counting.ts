/** What the owner's backend does. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { type Answer, ask, get } from './http.ts';
import type { World } from './world.ts';

type Counts = Readonly<Partial<Record<string, number>>>;

/** Counts usage, or releases it, each time anew unless a key is given. */
export async function record(
  world: World,
  userId: string,
  json: { consume?: Counts; release?: Counts },
  key: string = randomUUID(),
): Promise<Answer> {
  return ask(world, `POST /users/${userId}/usage`, { token: await world.serviceToken(), key, json });
}

export async function giveBack(world: World, userId: string, { body }: Answer): Promise<Answer> {
  const token = await world.serviceToken();
  return ask(world, `DELETE /users/${userId}/usage/${String(body['id'])}`, { token });
}

const account = z.looseObject({ period: z.object({ startsAt: z.string(), endsAt: z.string() }) });

export async function accountOf(world: World, userId: string): Promise<z.infer<typeof account>> {
  return z.parse(account, await get(world, `/users/${userId}/account`, await world.serviceToken()));
}
