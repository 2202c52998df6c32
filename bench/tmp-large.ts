import { startEngine } from '../local/engine.ts';
import { benchLargeUser } from './large-user.ts';
const engine = await startEngine();
const t = Date.now();
console.log(await benchLargeUser(engine.endpoint), Date.now() - t);
await engine.stop();
