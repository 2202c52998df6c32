import { describe, expect, it } from '@jest/globals';
import { runCommand } from '../support/command.ts';

/** What MiniStack answers to each point, and why where it is not what Postage expects of AWS. */
const OUTCOMES: readonly (readonly [point: string, outcome: string])[] = [
  ['A body of 7 MB, which the gateway takes and a function does not', '✓ as expected'],
  ['A page of an origin that the stage does not list', '✓ as expected'],
  // It keeps the setting that addresses are case-insensitive, and looks for users by their addresses as they are written.
  ['A user whose address is written in capitals', '≠ other'],
  // It does not know the condition `dynamodb:LeadingKeys`.
  ['A transaction of two writes, of which the leading keys allow one', '≠ other'],
  // It counts no units of DynamoDB for CloudWatch.
  ['What a refused transaction is billed for, an item of 100 kB beside a condition that fails', '- skipped'],
];

describe('npm run aws -- try', () => {
  it('asks each point of a deployed stage, and tells what came beside what was expected', async () => {
    const url = String(process.env['POSTAGE_COGNITO_URL']);
    const stage = String(process.env['POSTAGE_COGNITO_STACK']).replace(/^Postage-/, '');
    const stack = ['--stage', stage, '--url', url, '--config', 'test/deployed/postage.config.ts'];
    const { code, stdout } = await runCommand('aws', ['try', ...stack, '--metrics-wait', '0', '--yes']).ended;
    const told = stdout.split(/^\[\d\/\d\] /m).slice(1);
    const outcomes = told.map((point) => [
      point.split('\n', 1)[0],
      /^ {2}(✓ as expected|≠ other|- skipped)/m.exec(point)?.[1],
    ]);
    expect(outcomes).toEqual(OUTCOMES);
    expect(stdout).not.toContain('could not be tried');
    expect({ code, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 1,
      last: '2 as expected, 2 other, 1 skipped.',
    });
  });
});
