/**
 * middy's types name a package that only durable functions need and that is not installed. Nothing here is durable.
 */
declare module '@aws/durable-execution-sdk-js' {
  export type DurableContext = never;
}
