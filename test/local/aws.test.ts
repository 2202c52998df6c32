import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { secretsManager, startAwsStandIn, stepFunctions } from '../../local/aws-stand-in.ts';
import {
  createRolloverMachine,
  type RolloverMachine,
  type RolloverTasks,
  STATE_MACHINE_ARN,
} from '../../local/state-machine.ts';
import { LOCAL_AWS } from '../support/table.ts';

const SUMMARY = { totalProcessed: 16, errorCount: 0, brokenShards: 0, unfinished: [] };

let tasks: RolloverTasks;
let machine: RolloverMachine;
let standIn: Awaited<ReturnType<typeof startAwsStandIn>>;
let client: SFNClient;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  machine = createRolloverMachine({
    RollPageFunctionArn: (input) => tasks.RollPageFunctionArn(input),
    SummarizeFunctionArn: (input) => tasks.SummarizeFunctionArn(input),
  });
  standIn = await startAwsStandIn({ ...stepFunctions(machine), ...secretsManager({ known: 'the secret' }) });
  client = new SFNClient({ endpoint: standIn.url, ...LOCAL_AWS });
  secrets = new SecretsManagerClient({ endpoint: standIn.url, ...LOCAL_AWS });
});

afterAll(async () => {
  client.destroy();
  secrets.destroy();
  await standIn.stop();
});

/** Every shard is done with its first page. */
const onePageEach: RolloverTasks['RollPageFunctionArn'] = async (input) => ({
  ...(input as { progress: { shard: number } }).progress,
  cursor: null,
  pages: 1,
});

async function start(name?: string, input = '{"now":"2026-12-01T00:00:00.000Z"}'): Promise<string> {
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn: STATE_MACHINE_ARN, name, input }),
  );
  return executionArn ?? '';
}

describe('the stand-in for Step Functions', () => {
  it('runs the definition that is deployed, over every shard', async () => {
    const shards: number[] = [];
    const summarized: unknown[] = [];
    tasks = {
      RollPageFunctionArn: async (input) => {
        shards.push((input as { progress: { shard: number } }).progress.shard);
        return onePageEach(input);
      },
      SummarizeFunctionArn: async (input) => {
        summarized.push(input);
        return SUMMARY;
      },
    };
    const executionArn = await start('every-shard');
    const running = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(running).toMatchObject({ executionArn, status: 'RUNNING', startDate: expect.any(Date) });
    await machine.untilEnded(executionArn);
    const ended = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(ended).toMatchObject({ status: 'SUCCEEDED', stopDate: expect.any(Date) });
    expect(JSON.parse(ended.output ?? '')).toEqual(SUMMARY);
    expect(shards.sort((one, other) => one - other)).toEqual(Array.from({ length: 16 }, (_, shard) => shard));
    expect(summarized).toEqual([
      expect.objectContaining({ executionId: executionArn, now: '2026-12-01T00:00:00.000Z' }),
    ]);
  });

  it('tells of a failed run with its summary', async () => {
    tasks = {
      RollPageFunctionArn: onePageEach,
      SummarizeFunctionArn: async () => ({ ...SUMMARY, errorCount: 1 }),
    };
    const executionArn = await start();
    await machine.untilEnded(executionArn);
    const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'RolloverFailed' });
    expect(JSON.parse(cause ?? '')).toMatchObject({ errorCount: 1 });
  });

  it('goes on in an execution of its own when shards are unfinished', async () => {
    let runs = 0;
    tasks = {
      RollPageFunctionArn: onePageEach,
      SummarizeFunctionArn: async () => {
        runs += 1;
        return runs === 1 ? { ...SUMMARY, unfinished: [3] } : SUMMARY;
      },
    };
    const first = await machine.untilEnded(await start());
    const { continuedBy } = JSON.parse(first.status === 'SUCCEEDED' ? first.output : '{}') as {
      continuedBy: string;
    };
    expect(await machine.untilEnded(continuedBy)).toMatchObject({ status: 'SUCCEEDED' });
    expect(runs).toBe(2);
  });

  it('finds a running execution again by its name and input, and takes no name twice', async () => {
    const blocked = Promise.withResolvers<undefined>();
    tasks = {
      RollPageFunctionArn: onePageEach,
      SummarizeFunctionArn: async () => {
        await blocked.promise;
        return SUMMARY;
      },
    };
    const executionArn = await start('named');
    expect(await start('named')).toBe(executionArn);
    await expect(start('named', '{}')).rejects.toThrow(ExecutionAlreadyExists);
    blocked.resolve(undefined);
    await machine.untilEnded(executionArn);
    await expect(start('named')).rejects.toThrow(ExecutionAlreadyExists);
  });

  it('does not know an execution that it did not start', async () => {
    const unknown = client.send(
      new DescribeExecutionCommand({ executionArn: `${STATE_MACHINE_ARN}:unknown` }),
    );
    await expect(unknown).rejects.toThrow(ExecutionDoesNotExist);
  });
});

describe('the stand-in for Secrets Manager', () => {
  it('tells the secrets that it has, and no other', async () => {
    expect(await secrets.send(new GetSecretValueCommand({ SecretId: 'known' }))).toMatchObject({
      SecretString: 'the secret',
    });
    const unknown = secrets.send(new GetSecretValueCommand({ SecretId: 'unknown' }));
    await expect(unknown).rejects.toThrow(ResourceNotFoundException);
  });
});
