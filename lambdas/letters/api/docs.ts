import { docs } from '../../api/docs.ts';
import { operation } from '../../http/operation.ts';
import { optionalVariable } from '../../wiring/environment.ts';
import { API } from '../http/api.ts';
import { getPayPage } from '../http/contracts/docs.ts';
import { payPage } from '../http/pay-page.ts';

const pay = operation(getPayPage, () => ({ status: 200, ...payPage(optionalVariable('stripeApiUrl')) }));

export const handler = docs(() => API, pay);
