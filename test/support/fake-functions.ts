import type { FunctionLoaders, LambdaHandler } from '../../local/functions.ts';

/** One function in place of all that are deployed. */
export function fakeFunctions(handler: LambdaHandler): FunctionLoaders {
  const load = async (): Promise<{ handler: LambdaHandler }> => ({ handler });
  return {
    letters: load,
    deliveries: load,
    usage: load,
    credits: load,
    purchases: load,
    gifts: load,
    billing: load,
    consumption: load,
    admin: load,
    'failed-events': load,
    webhooks: load,
    'mail-webhook': load,
    cron: load,
    docs: load,
  };
}
