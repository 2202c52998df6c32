import { contractsOf } from '../../http/contract.ts';
import { LETTERS_ROUTES } from './routes.ts';

export const contract = contractsOf(LETTERS_ROUTES);
