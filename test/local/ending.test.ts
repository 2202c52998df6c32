import { afterAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Command, descendantsOf, nameOf, run, runCommand, untilGone } from '../support/command.ts';

const hasEngine = (process.env['DYNAMODB_ENDPOINT'] ?? '') === '';
const variables = { POSTAGE_TABLE: `postage-test-${randomUUID()}` };
const ARGS = ['--port', '0', '--json', '--no-demo'];
const processes: number[] = [];

afterAll(async () => {
  for (const pid of await untilGone(processes, 0)) {
    process.kill(pid, 'SIGKILL');
  }
});

/** @returns the processes that it runs */
async function childrenOf(command: Command): Promise<number[]> {
  expect(await command.firstLine).toContain('"url"');
  const children = descendantsOf(command.pid);
  processes.push(command.pid, ...children);
  return children;
}

describe('npm start ends', () => {
  (hasEngine ? it.each : it.skip.each)([
    ['embedded DynamoDB', 'dynoxide'],
    ['shell around its embedded DynamoDB', 'sh'],
  ])('at once when the %s has died, and says so', async (_, program) => {
    const command = runCommand('start', ARGS, variables);
    const children = await childrenOf(command);
    const victim = children.find((pid) => nameOf(pid) === program) ?? 0;
    const diedAt = performance.now();
    process.kill(victim, 'SIGKILL');
    const { code, stderr } = await command.ended;
    expect(performance.now() - diedAt).toBeLessThan(15_000);
    expect(code).toBe(1);
    expect(stderr).toContain('The embedded DynamoDB has ended (signal SIGKILL).\n');
    expect(await untilGone(children)).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'with everything it runs when npm alone gets %s',
    async (signal) => {
      const command = run('npm', ['--silent', 'start', '--', ...ARGS], variables);
      const children = await childrenOf(command);
      expect(children.length).toBeGreaterThan(0);
      command.kill(signal);
      expect(await untilGone(children)).toEqual([]);
    },
  );
});
