import { type z } from 'zod';
import { type Form } from './form.ts';
import { readParams } from './params.ts';
import { type Sandbox } from './sandbox.ts';

type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** One endpoint of the API. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** Whether a page may ask it with the publishable key, and a client secret among the parameters. */
  isPublic: boolean;
  answer: (sandbox: Sandbox, form: Form, path: Record<string, string>) => object;
}

/**
 * Reads the parameters before anything happens, so that a request that can't be read has no effect and its
 * idempotency key stays free.
 */
export function route<Path extends string, Schema extends z.ZodType>(definition: {
  method: Route['method'];
  path: Path;
  params: Schema;
  isPublic?: boolean;
  answer: (sandbox: Sandbox, params: z.output<Schema>, path: Record<PathNames<Path>, string>) => object;
}): Route {
  const { method, path, params, isPublic = false, answer } = definition;
  return {
    method,
    path,
    isPublic,
    // The router fills in exactly the names that the path has.
    answer: (sandbox, form, names) => answer(sandbox, readParams(params, form), names),
  };
}
