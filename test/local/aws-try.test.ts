import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../support/command.ts';

const LETTERS = fileURLToPath(new URL('../../examples/letters/postage.config.ts', import.meta.url));
/** Nobody answers there. */
const NO_AWS = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_MAX_ATTEMPTS: '1',
};

describe('npm run aws -- try', () => {
  it.each([
    ['a protected stage', ['try', '--stage', 'prod'], /Only a disposable stage is tried, and "prod" is none/],
    ['a stage that the file does not list', ['try', '--stage', 'qa'], /"qa" is none/],
    ['no number of seconds', ['try', '--metrics-wait', 'long'], /--metrics-wait is a number/],
    ['an address that is none', ['try', '--url', 'api.example.com'], /--url must be an address/],
    ['another word', ['deploy'], /Say one of try/],
    ['an AWS that does not answer', ['try', '--yes'], /The stack Postage-dev can't be read/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await runCommand('aws', [...args, '--config', LETTERS], NO_AWS).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('does nothing without --yes', async () => {
    const { code, stdout } = await runCommand('aws', ['try', '--config', LETTERS], NO_AWS).ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/Nothing was done/);
  });
});
