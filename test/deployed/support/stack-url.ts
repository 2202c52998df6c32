import * as z from 'zod/mini';
import { readOutputs } from '../../e2e/support/stack.ts';

const outputs = z.object({ ApiUrl: z.string() });

/** Where a stack answers on this machine: its own address is one of AWS. */
export async function urlOfStack(stackName: string, endpoint: string): Promise<string> {
  const { ApiUrl } = await readOutputs(stackName, outputs);
  const [, apiId] = /\/\/(\w+)\.execute-api\./.exec(ApiUrl) ?? [];
  return `${endpoint}/_aws/execute-api/${z.parse(z.string(), apiId)}/$default`;
}
