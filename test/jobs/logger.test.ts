import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SenderNotConfiguredError } from '../../lambdas/letters/adapters/senders/provider.ts';
import { createLogger, shownError } from '../../lambdas/runtime/logger.ts';

let written = '';

beforeEach(() => {
  written = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    written += String(line);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
    written += String(line);
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** What is in the log after an error has been told to it. */
function lineOf(error: Error): Record<string, unknown> {
  const logger = createLogger('test');
  logger.setLogLevel('INFO');
  logger.error('It failed.', { deliveryId: 'd1', error });
  return JSON.parse(written) as Record<string, unknown>;
}

const RECIPIENTS = /zoe|lovelace|square 1/i;

describe('an error in the log', () => {
  it('says what, where and why, and not to whom it happened', () => {
    const words = 'Email address is not verified: <zoe.lovelace+1@mail.example.com>, zoe@example.com';
    const metadata = { httpStatusCode: 400, requestId: 'r1' };
    const refusal = Object.assign(new Error(words), {
      name: 'MessageRejected',
      $metadata: metadata,
      $response: { body: words },
    });
    const line = lineOf(new SenderNotConfiguredError('SES does not send.', { cause: refusal }));
    expect(line).toMatchObject({
      level: 'ERROR',
      message: 'It failed.',
      deliveryId: 'd1',
      error: {
        name: 'SenderNotConfiguredError',
        message: 'SES does not send.',
        cause: { name: 'MessageRejected', status: 400, requestId: 'r1' },
      },
    });
    const { at } = line['error'] as { at: string[] };
    expect(at[0]).toContain('logger.test.ts');
    expect(written).not.toMatch(RECIPIENTS);
  });

  it('does not hold the item that DynamoDB has sent along, nor the answer', () => {
    lineOf(
      new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        Item: { recipient: { S: 'Zoe Lovelace, Square 1' } },
      }),
    );
    expect(written).toContain('The conditional request failed');
    expect(written).not.toMatch(RECIPIENTS);
  });

  it('does not quote what a parser has read', () => {
    let thrown: unknown;
    try {
      JSON.parse('{"name": Zoe}');
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(RECIPIENTS);
    lineOf(thrown as Error);
    expect(written).toContain('SyntaxError');
    expect(written).not.toMatch(RECIPIENTS);
  });

  it('is told of whatever was thrown', () => {
    expect(shownError('Zoe')).toEqual({
      name: 'string',
      message: 'Something was thrown that is no error.',
      at: [],
    });
  });
});

it('every function writes errors in this one way', () => {
  const root = new URL('../../lambdas', import.meta.url).pathname;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const makers = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('new Logger('));
  expect(makers).toEqual(['runtime/logger.ts']);
});
