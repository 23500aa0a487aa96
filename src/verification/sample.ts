/**
 * A payload that a person pasted to see what would become of it. It is proven by nothing, so it may be parsed and
 * interpreted and never accepted: its trust is the weakest, and it carries no evidence.
 */
import { asVerified, type Delivery, type VerifiedDelivery } from './verification.ts';

export const asSample = (delivery: Delivery): VerifiedDelivery => asVerified(delivery, 'addressed', {});
