import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Takes the place of `@aws-sdk/credential-provider-node` in the bundles (the stack's esbuild alias). Lambda gives a
 * function its credentials in environment variables; the other sources, such as profiles and sign-on, with the clients
 * that they need, would be a quarter of each bundle, and import time follows size.
 */
export const defaultProvider = fromEnv;
