import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from '@jest/globals';
import { catalogue } from '../../examples/letters/postage.config.ts';
import { recordedCatalogue } from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { plentyOfTime } from '../support/table.ts';
import { physicalNames, useStack } from './support/stack.ts';

const stack = useStack();

describe('the catalogue of the deployment', () => {
  it('G14: is recorded in the table, and the functions know since when it holds', async () => {
    const recorded = await recordedCatalogue(stack().store, plentyOfTime());
    expect(recorded?.file).toEqual(catalogue);
    expect(recorded?.since).toBeLessThanOrEqual(Date.now());

    const client = new LambdaClient();
    const instants: (string | undefined)[] = [];
    for (const FunctionName of (await physicalNames(stack().name, 'AWS::Lambda::Function')).values()) {
      const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      instants.push(Environment?.Variables?.[VARIABLES.catalogueSince]);
    }
    const told = instants.filter((instant) => instant !== undefined);
    expect(told.length).toBeGreaterThan(10);
    expect(new Set(told)).toEqual(new Set([String(recorded?.since)]));
  });
});
