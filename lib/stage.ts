import { RemovalPolicy } from 'aws-cdk-lib';

/** What the stack is deployed as. `prod` keeps its data when the stack is deleted; every other stage leaves nothing. */
export type Stage = string;

const STAGE = /^[a-z][a-z0-9-]{0,15}$/;

/** @throws Error when the name cannot be part of the names of AWS resources. */
export function parseStage(stage: unknown): Stage {
  if (typeof stage !== 'string' || !STAGE.test(stage)) {
    throw new Error(
      `The stage "${String(stage)}" must be 1 to 16 lower-case letters, digits and hyphens, and begin with a letter: -c stage=dev`,
    );
  }
  return stage;
}

export function removalPolicyOf(stage: Stage): RemovalPolicy {
  return keepsData(stage) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

export function keepsData(stage: Stage): boolean {
  return stage === 'prod';
}
