import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { FAILURE_REASONS } from '../../lambdas/domain/failure-reasons.ts';

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

it.each(FAILURE_REASONS)('G12: the runbook says what to do about %s', (reason) => {
  expect(RUNBOOK).toContain(`\`${reason}\``);
});
