// The public API of the package. Nothing else of it may be imported from outside.

export { ApiError, type ApiErrorBody } from './api-error.ts';
export { type ReadyProduct } from './catalog.ts';
export { type Control } from './control.ts';
export { type ControlAnswer } from './control-routes.ts';
export { openStripe, sdkFor, type TestStripe } from './for-tests.ts';
export { type RecordedRequest } from './recorder.ts';
export { startStripe, type StripeOptions, type StripeStandIn } from './server.ts';
