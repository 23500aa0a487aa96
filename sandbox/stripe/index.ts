/** The stand-in as a Worker: `STRIPE_OBJECTS` holds its objects, `STRIPE_API_KEY` is the one key it knows. */
import { stripeSandbox } from './app.ts';
import type { StripeObjects } from './objects.ts';

export { StripeObjects } from './objects.ts';

export interface StripeSandboxEnv {
  readonly STRIPE_OBJECTS: DurableObjectNamespace<StripeObjects>;
  readonly STRIPE_API_KEY: string;
}

export default stripeSandbox<StripeSandboxEnv>((env) => ({
  store: env.STRIPE_OBJECTS.get(env.STRIPE_OBJECTS.idFromName('account')),
  apiKey: env.STRIPE_API_KEY,
}));
