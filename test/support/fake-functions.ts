import { API_FUNCTIONS, type FunctionLoaders, type LambdaHandler } from '../../local/functions.ts';

/** One function in place of all that are deployed. */
export function fakeFunctions(handler: LambdaHandler): FunctionLoaders {
  const load = async (): Promise<{ handler: LambdaHandler }> => ({ handler });
  return Object.fromEntries(Object.keys(API_FUNCTIONS).map((group) => [group, load])) as FunctionLoaders;
}
