import { RemovalPolicy } from 'aws-cdk-lib';
import type { Config, StageSettings } from '../lambdas/letters/domain/config.ts';

/** What the stack is deployed as. `prod` keeps its data when the stack is deleted; every other stage leaves nothing. */
export type Stage = string;

/** @throws Error when the owner's file does not list the stage. */
export function parseStage(given: unknown, stages: Config['stages']): StageSettings & { name: Stage } {
  for (const [name, settings] of Object.entries(stages)) {
    if (name === given) {
      return { name, ...settings };
    }
  }
  const listed = Object.keys(stages).join(', ');
  throw new Error(`The owner's file has no stage "${String(given)}". Choose one with -c stage=…: ${listed}`);
}

export function removalPolicyOf(stage: Stage): RemovalPolicy {
  return keepsData(stage) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

export function keepsData(stage: Stage): boolean {
  return stage === 'prod';
}
