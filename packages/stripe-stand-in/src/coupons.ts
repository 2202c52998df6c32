import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, currency, flag, integer, metadata, paging, paramsOf, text, timestamp } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata } from './values.ts';

const percent = z
  .string()
  .regex(/^\d{1,3}(\.\d+)?$/)
  .transform(Number)
  .refine((value) => value > 0 && value <= 100, { message: 'must be greater than 0 and at most 100' });

const couponParams = paramsOf<Stripe.CouponCreateParams>()({
  id: z.optional(text),
  name: z.optional(text.max(40)),
  amount_off: z.optional(integer),
  percent_off: z.optional(percent),
  currency: z.optional(currency),
  duration: z.optional(z.enum(['forever', 'once', 'repeating'])),
  duration_in_months: z.optional(integer),
  max_redemptions: z.optional(integer),
  redeem_by: z.optional(timestamp),
  metadata: z.optional(metadata),
});

// Source: https://docs.stripe.com/api/coupons/create
function createCoupon(sandbox: Sandbox, asked: z.infer<typeof couponParams>): Stripe.Coupon {
  if ((asked.amount_off === undefined) === (asked.percent_off === undefined)) {
    throw invalidRequest('You must pass exactly one of `amount_off` and `percent_off`.');
  }
  if (asked.amount_off !== undefined && asked.currency === undefined) {
    throw invalidRequest('You must pass `currency` when passing `amount_off`.', { param: 'currency' });
  }
  const id = asked.id ?? sandbox.newId('coupon');
  if (sandbox.state.coupon.has(id)) {
    throw invalidRequest('Coupon already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const coupon: Stripe.Coupon = {
    id,
    object: 'coupon',
    amount_off: asked.amount_off ?? null,
    created: sandbox.now(),
    currency: asked.amount_off === undefined ? null : (asked.currency ?? null),
    duration: asked.duration ?? 'once',
    duration_in_months: asked.duration_in_months ?? null,
    livemode: false,
    max_redemptions: asked.max_redemptions ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name ?? null,
    percent_off: asked.percent_off ?? null,
    redeem_by: asked.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
  };
  sandbox.state.coupon.set(id, coupon);
  sandbox.emit('coupon.created', coupon);
  return coupon;
}

const codeParams = paramsOf<Stripe.PromotionCodeCreateParams>()({
  promotion: z.strictObject({ type: z.literal('coupon'), coupon: text }),
  code: z.optional(text),
  active: z.optional(flag),
  customer: z.optional(text),
  expires_at: z.optional(timestamp),
  max_redemptions: z.optional(integer),
  metadata: z.optional(metadata),
});

// Source: https://docs.stripe.com/api/promotion_codes/create
function createCode(sandbox: Sandbox, asked: z.infer<typeof codeParams>): Stripe.PromotionCode {
  const coupon = sandbox.get('coupon', asked.promotion.coupon, 'promotion[coupon]');
  const id = sandbox.newId('promo');
  const code = asked.code ?? id.slice(-8).toUpperCase();
  if (findCode(sandbox, code) !== undefined) {
    throw invalidRequest(`An active promotion code with \`code: ${code}\` already exists.`, {
      param: 'code',
    });
  }
  const made: Stripe.PromotionCode = {
    id,
    object: 'promotion_code',
    active: asked.active ?? true,
    code,
    created: sandbox.now(),
    customer: asked.customer === undefined ? null : sandbox.customer(asked.customer).id,
    customer_account: null,
    expires_at: asked.expires_at ?? null,
    livemode: false,
    max_redemptions: asked.max_redemptions ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    promotion: { coupon: coupon.id, type: 'coupon' },
    restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    times_redeemed: 0,
  };
  sandbox.state.promotion_code.set(id, made);
  sandbox.emit('promotion_code.created', made);
  return made;
}

// Source: https://docs.stripe.com/api/promotion_codes/object#promotion_code_object-code
/** Codes are the same in capital and small letters. */
function findCode(sandbox: Sandbox, code: string): Stripe.PromotionCode | undefined {
  return sandbox
    .all('promotion_code')
    .find((one) => one.active && one.code.toLowerCase() === code.toLowerCase());
}

/** @throws ApiError for a code that gives this customer nothing now */
export function codeFor(
  sandbox: Sandbox,
  code: string,
  customer: string | null,
): { promotionCode: Stripe.PromotionCode; coupon: Stripe.Coupon } {
  const found = findCode(sandbox, code);
  const coupon = sandbox.state.coupon.get(refId(found?.promotion.coupon) ?? '');
  if (found === undefined || coupon === undefined || !isRedeemable(sandbox, found, coupon, customer)) {
    throw invalidRequest('This code is invalid.', { code: 'resource_missing', param: 'promotion_code' });
  }
  return { promotionCode: found, coupon };
}

function isRedeemable(
  sandbox: Sandbox,
  code: Stripe.PromotionCode,
  coupon: Stripe.Coupon,
  customer: string | null,
): boolean {
  const owner = refId(code.customer);
  return (
    (owner === null || owner === customer) &&
    [code, coupon].every(
      ({ max_redemptions: most, times_redeemed: times }) => most === null || times < most,
    ) &&
    [code.expires_at, coupon.redeem_by].every((until) => until === null || sandbox.now() < until)
  );
}

export const couponRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/coupons', params: couponParams, answer: createCoupon }),
  route({
    method: 'GET',
    path: '/v1/coupons',
    params: paramsOf<Stripe.CouponListParams>()({ ...paging, ...created }),
    answer: (sandbox, { created: range, ...page }) =>
      pageOf(
        sandbox.all('coupon').filter((coupon) => isCreatedIn(coupon, range)),
        '/v1/coupons',
        page,
      ),
  }),
  route({
    method: 'GET',
    path: '/v1/coupons/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('coupon', id),
  }),
  route({
    method: 'DELETE',
    path: '/v1/coupons/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => {
      const coupon = sandbox.get('coupon', id);
      sandbox.state.coupon.delete(id);
      sandbox.emit('coupon.deleted', coupon);
      return { id, object: 'coupon', deleted: true } satisfies Stripe.DeletedCoupon;
    },
  }),
  route({ method: 'POST', path: '/v1/promotion_codes', params: codeParams, answer: createCode }),
  route({
    method: 'GET',
    path: '/v1/promotion_codes',
    params: paramsOf<Stripe.PromotionCodeListParams>()({
      ...paging,
      ...created,
      active: z.optional(flag),
      code: z.optional(text),
      coupon: z.optional(text),
    }),
    answer: (sandbox, { active, code, coupon, created: range, ...page }) => {
      const codes = sandbox
        .all('promotion_code')
        .filter(
          (one) =>
            (active === undefined || one.active === active) &&
            (code === undefined || one.code.toLowerCase() === code.toLowerCase()) &&
            (coupon === undefined || refId(one.promotion.coupon) === coupon) &&
            isCreatedIn(one, range),
        );
      return pageOf(codes, '/v1/promotion_codes', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/promotion_codes/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('promotion_code', id),
  }),
  route({
    method: 'POST',
    path: '/v1/promotion_codes/{id}',
    params: paramsOf<Stripe.PromotionCodeUpdateParams>()({
      active: z.optional(flag),
      metadata: z.optional(metadata),
    }),
    answer: (sandbox, { active, metadata: values }, { id }) => {
      const code = sandbox.get('promotion_code', id);
      const previous = sandbox.assign(code, {
        active: active ?? code.active,
        metadata: mergeMetadata(code.metadata ?? {}, values),
      });
      if (previous !== null) {
        sandbox.emit('promotion_code.updated', code, previous);
      }
      return code;
    },
  }),
];
