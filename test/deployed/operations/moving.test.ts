import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DescribeContinuousBackupsCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { readStoredAccount } from '../../../lambdas/adapters/dynamodb/accounts.ts';
import { createStore, type Store } from '../../../lambdas/adapters/dynamodb/store.ts';
import { available } from '../../../lambdas/domain/credits.ts';
import { toIso } from '../../../lambdas/domain/instants.ts';
import { LETTER, writeLetter } from '../../e2e/support/deeds.ts';
import { ask, expectAnswer } from '../../e2e/support/http.ts';
import { buyFive, givenPayingUser, untilCredits, untilEntitled } from '../../e2e/support/paying.ts';
import { readOutputs, stackOutputs } from '../../e2e/support/stack.ts';
import { connectStack } from '../../e2e/support/stack-world.ts';
import type { User, World } from '../../e2e/support/world.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { runCommand } from '../../support/command.ts';
import { plentyOfTime } from '../../support/table.ts';
import { type Deployment, deploy, destroy, stackName } from '../support/cdk.ts';
import { urlOfStack } from '../support/stack-url.ts';
import { serveStripe, type StripeServer } from '../support/stripe-server.ts';

const DEPLOYS_WITHIN_MS = 600_000;
const PRO = { plan: 'pro', interval: 'month' };

let stripe: StripeServer;
let deployment: Deployment;
const folder = mkdtempSync(join(tmpdir(), 'postage-moving-'));
const settings = { environment: process.env };

beforeAll(async () => {
  stripe = await serveStripe();
  const variables = { POSTAGE_STRIPE_URL: stripe.url };
  deployment = { stage: 'dev', config: 'test/deployed/postage.config.ts', variables };
});

afterAll(async () => {
  await stripe.stop();
  rmSync(folder, { recursive: true });
});

/** Deploys it, and says where it is to Stripe and to what the suites share. */
async function deployed(variables: Record<string, string> = {}): Promise<{ world: World; table: string }> {
  await deploy({ ...deployment, variables: { ...deployment.variables, ...variables } }, settings);
  const name = stackName(deployment);
  const url = await urlOfStack(name, String(process.env['AWS_ENDPOINT_URL']));
  await stripe.connectTo(name, url);
  Object.assign(process.env, {
    POSTAGE_URL: url,
    POSTAGE_STACK: name,
    POSTAGE_STRIPE_URL: stripe.url,
    POSTAGE_STRIPE_CONTROL_URL: stripe.controlUrl,
  });
  const { TableName } = await readOutputs(name, stackOutputs);
  return { world: await connectStack('letters'), table: TableName };
}

type Program = Parameters<typeof runCommand>[0];

/** A command of the owner's, which must succeed. @returns what it has said */
async function owner(program: Program, ...args: string[]): Promise<string> {
  const variables = { POSTAGE_STRIPE_API_URL: stripe.url };
  const { code, stdout, stderr } = await runCommand(program, args, variables).ended;
  expect({ program, code, stdout, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

async function audit(table: string): Promise<void> {
  expect(await owner('audit', '--table', table)).toMatch(
    /^\d+ ledgers hold, 0 do not; erased users: \d+\.$/m,
  );
}

async function adjust(world: World, { userId }: User, amount: number): Promise<void> {
  const answer = await ask(world, `POST /admin/users/${encodeURIComponent(userId)}/credit-adjustments`, {
    token: await world.adminToken(),
    key: 'asked-once',
    json: { amount, reason: 'They asked kindly.' },
  });
  expectAnswer(answer, 201);
}

async function erase(world: World, { userId }: User): Promise<void> {
  const token = await world.adminToken();
  const erasure = `DELETE /admin/users/${encodeURIComponent(userId)}`;
  expectAnswer(await ask(world, erasure, { token }), 200, { erased: true });
}

/** What a move has to keep of an account. */
async function accountOf(store: Store, { userId }: User): Promise<Record<string, unknown>> {
  const account = await readStoredAccount(store, userId, plentyOfTime());
  if (account?.kind !== 'account') {
    return { userId, kind: account?.kind ?? 'none' };
  }
  const { plan, customerId, subscription, meters, levels, credits } = account;
  return {
    ...{ userId, plan, customerId, meters, levels, purchased: credits.purchased, owed: credits.owed },
    available: available(credits),
    subscription,
  };
}

async function letters(world: World, user: User, count: number): Promise<void> {
  for (let written = 0; written < count; written += 1) {
    expectAnswer(await writeLetter(world, user), 201);
  }
}

const found = z.object({ name: z.string(), streamArn: z.string() });

describe('a stack of an owner’s', () => {
  let world: World;
  let table = '';
  let users: User[] = [];

  it(
    'has users who pay, and who do not',
    async () => {
      ({ world, table } = await deployed());
      const payer = await givenPayingUser(world, 'freeSubscriber', PRO);
      await untilEntitled(world, payer, { plan: 'pro' });
      await buyFive(world, payer);
      await letters(world, payer, 2);
      const [writer, rich, leaver] = [
        await world.meet('freeWriter'),
        await world.meet('proAdjusted'),
        await world.meet('proErased'),
      ];
      await letters(world, writer, 3);
      await letters(world, leaver, 1);
      await letters(world, rich, 1);
      await adjust(world, rich, 7);
      users = [payer, writer, rich, leaver];
      await audit(table);
    },
    DEPLOYS_WITHIN_MS,
  );

  it(
    'is restored to a point in time, and catches up with erasures and with Stripe',
    async () => {
      const [payer, writer, rich, leaver] = users as [User, User, User, User];
      const at = toIso(Date.now());
      const said = await owner('restore', 'table', '--stage', 'dev', '--at', at, '--yes');
      const [, name, streamArn] = /table: \{ name: '([^']+)', streamArn: '([^']+)' \}/.exec(said) ?? [];
      const restored = z.parse(found, { name, streamArn });
      const { client } = createStore(restored.name, LETTERS);
      const { Table } = await client.send(new DescribeTableCommand({ TableName: restored.name }));
      expect(Table).toMatchObject({ DeletionProtectionEnabled: true, LatestStreamArn: restored.streamArn });
      const backups = new DescribeContinuousBackupsCommand({ TableName: restored.name });
      expect((await client.send(backups)).ContinuousBackupsDescription).toMatchObject({
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
      });

      // What comes after the point in time, and so into the former table alone.
      await erase(world, leaver);
      await buyFive(world, payer);
      const newcomer = await givenPayingUser(world, 'freeUpgrader', PRO);
      await untilEntitled(world, newcomer, { plan: 'pro' });
      const before = await accountOf(createStore(table, LETTERS), newcomer);

      const former = table;
      ({ world, table } = await deployed({
        POSTAGE_RESTORED_TABLE: restored.name,
        POSTAGE_RESTORED_STREAM: restored.streamArn,
      }));
      expect(table).toBe(restored.name);
      const store = createStore(table, LETTERS);
      expect(await accountOf(store, leaver)).toMatchObject({ plan: 'none' });
      const since = ['--since', at, '--former', former, '--yes'];
      for (let times = 0; times < 2; times += 1) {
        const caughtUp = await owner('restore', 'catch-up', '--stage', 'dev', ...since);
        expect(caughtUp).toContain('1 of them are erased again.\n');
        await untilCredits(world, payer, { purchased: 10 });
        await untilEntitled(world, newcomer, { plan: 'pro' });
      }
      expect(await accountOf(store, newcomer)).toEqual(before);
      expect(await accountOf(store, leaver)).toMatchObject({ kind: 'erased' });
      await letters(world, writer, 1);
      users = [payer, writer, rich, newcomer];
      await audit(table);
    },
    DEPLOYS_WITHIN_MS,
  );

  it(
    'keeps every account when it is exported, destroyed, deployed and imported',
    async () => {
      const store = createStore(table, LETTERS);
      const before = await Promise.all(users.map((user) => accountOf(store, user)));
      const file = join(folder, 'users.csv');
      expect(await owner('export', file, '--table', table)).toContain(
        `${String(users.length)} accounts. Not in it: 1 erased users`,
      );
      await world.close();
      await destroy(deployment, settings);

      ({ world, table } = await deployed());
      const { StripeSecretArn } = await readOutputs(stackName(deployment), stackOutputs);
      const options = ['--table', table, '--secret', StripeSecretArn, '--yes'];
      expect(await owner('import', file, ...options)).toContain(
        `Imported: ${String(users.length)}; imported before: 0; left alone: 0; failed: 0.`,
      );
      const anew = createStore(table, LETTERS);
      expect(await Promise.all(users.map((user) => accountOf(anew, user)))).toEqual(before);
      expect(await owner('import', file, ...options)).toContain(`imported before: ${String(users.length)};`);
      await audit(table);

      const [writer] = users.slice(1) as [User];
      expectAnswer(await ask(world, 'POST /letters', { token: writer.token, json: LETTER }), 201);
      expect(await accountOf(anew, writer)).toMatchObject({ meters: { letters: { used: 5 } } });
      await audit(table);
      await world.close();
    },
    DEPLOYS_WITHIN_MS,
  );
});
