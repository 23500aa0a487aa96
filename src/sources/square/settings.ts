/** A Square source's settings. */
import { z } from 'zod';

export const squareSettings = z.strictObject({
  /**
   * The notification URL exactly as it is entered at Square: it is part of what is signed. Absent: the URL the request
   * came to, which is the same unless something in front of the gateway rewrites host or path.
   */
  notificationUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .optional(),
  /** The seller whose events these are; another's are set aside. Absent: any the subscription delivers. */
  merchantId: z
    .string()
    .regex(/^[A-Z0-9]{1,64}$/, 'a Square merchant id')
    .optional(),
});

export type SquareSettings = z.infer<typeof squareSettings>;
