import { docs } from '../../api/docs.ts';
import { API } from '../http/api.ts';

export const handler = docs(() => API);
