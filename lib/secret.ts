import { Validations } from 'aws-cdk-lib';
import { CfnSecret, type CfnSecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { removalPolicyOf, type Stage } from './stage.ts';

/**
 * Its `attrId` is the ARN. (`Ref` is too in AWS, but in an emulator it is the name, which no policy matches.)
 *
 * @param whyNotRotated why nothing rotates it automatically
 */
export function createSecret(
  scope: Construct,
  id: string,
  { stage, whyNotRotated, ...props }: CfnSecretProps & { stage: Stage; whyNotRotated: string },
): CfnSecret {
  const secret = new CfnSecret(scope, id, props);
  secret.applyRemovalPolicy(removalPolicyOf(stage));
  Validations.of(secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: whyNotRotated });
  return secret;
}

/** Keys of a provider. They are empty, which stands for "not configured": the owner sets them, and no deployment overwrites them. */
export function createKeys(
  scope: Construct,
  id: string,
  { stage, provider, keys }: { stage: Stage; provider: string; keys: Readonly<Record<string, string>> },
): CfnSecret {
  const shown = Object.entries(keys).map(([name, example]) => `${name}: ${example}`);
  return createSecret(scope, id, {
    stage,
    description: `${provider}'s keys: {${shown.join(', ')}}`,
    secretString: JSON.stringify(Object.fromEntries(Object.keys(keys).map((name) => [name, '']))),
    whyNotRotated: `${provider} makes the keys, and the owner changes them there first: docs/runbook.md.`,
  });
}
