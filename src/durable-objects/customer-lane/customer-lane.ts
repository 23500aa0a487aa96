import { DurableObject } from 'cloudflare:workers';
import type { Bindings } from '../../bindings.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { DurableLaneStorage } from './durable-lane-storage.ts';
import { Lane, type LeaseRequest } from './lane.ts';
import {
  type AcceptAnswer,
  type AcceptEvent,
  type AcceptRefusal,
  type BodyAnswer,
  type Doorbell,
  type LaneStatus,
  type LeaseAnswer,
  type LeasedEvent,
  type LogPage,
  laneName,
  type OperateAnswer,
  type SettleAnswer,
  type Settlement,
} from './protocol.ts';

/**
 * One customer's lane as a Durable Object, named `laneName({tenant, lane})`. It gives the lane its storage, the time,
 * and the alarm; every rule is in lane.ts. Commands are synchronous, so no two of them interleave.
 */
export class CustomerLane extends DurableObject<Bindings> {
  readonly #storage: DurableLaneStorage;
  readonly #lane: Lane;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#storage = new DurableLaneStorage(ctx.storage);
    this.#lane = new Lane(this.#storage);
    ctx.blockConcurrencyWhile(() => this.#storage.loadAlarm());
  }

  /** @throws when the object's name is not that of the lane: a routing bug, nothing is stored. */
  accept(identity: Doorbell, events: readonly AcceptEvent[]): AcceptAnswer | AcceptRefusal {
    const { name } = this.ctx.id;
    if (name !== undefined && name !== laneName(identity)) {
      throw new Error(`the object ${name} was addressed as ${laneName(identity)}`);
    }
    return this.#lane.accept(identity, events, Date.now());
  }

  lease(request: LeaseRequest = {}): LeaseAnswer {
    return this.#lane.lease(Date.now(), request);
  }

  settle(epoch: number, settlement: Settlement): SettleAnswer {
    return this.#lane.settle(epoch, settlement, Date.now());
  }

  park(
    seq: number,
    reason: { readonly exceptionId: string; readonly cause: string },
    ledgerPosition: number | null = null,
  ): OperateAnswer {
    return this.#lane.park(seq, reason, Date.now(), ledgerPosition);
  }

  skip(seq: number, reason: string, ledgerPosition: number | null = null): OperateAnswer {
    return this.#lane.skip(seq, reason, Date.now(), ledgerPosition);
  }

  unblock(seqs: readonly number[], by: string | null = null): OperateAnswer {
    return this.#lane.unblock(seqs, Date.now(), by);
  }

  redrive(seqs: readonly number[], by: string | null = null): OperateAnswer {
    return this.#lane.redrive(seqs, Date.now(), by);
  }

  releaseDocuments(target: string, seq: number, at: EpochMs): OperateAnswer {
    return this.#lane.releaseDocuments(target, seq, at, Date.now());
  }

  hasten(target: string | null): OperateAnswer {
    return this.#lane.hasten(target, Date.now());
  }

  pause(): void {
    this.#lane.pause();
  }

  resume(): { readonly ring: boolean } {
    return this.#lane.resume(Date.now());
  }

  status(limit = 100): LaneStatus | null {
    return this.#lane.status(limit, Date.now());
  }

  events(fromSeq: number, limit: number): LogPage {
    return this.#lane.events(fromSeq, limit);
  }

  body(seq: number): BodyAnswer {
    return this.#lane.body(seq);
  }

  unarchived(from: number): readonly LeasedEvent[] {
    return this.#lane.unarchived(from);
  }

  nextAlarm(): EpochMs | null {
    return this.#lane.nextAlarm(Date.now());
  }

  /**
   * The backstop for a lost doorbell. Re-arms first, in one transaction, then rings: when ringing fails the alarm is
   * armed already, and the error goes to the platform, which tries this handler again and shows it.
   */
  override async alarm(): Promise<void> {
    this.#storage.alarmFired();
    const { ring } = this.#lane.onAlarm(Date.now());
    if (!ring) return;
    const status = this.#lane.status(1, Date.now());
    if (status === null) return;
    try {
      await this.env.DOORBELLS.send({ tenant: status.tenant, lane: status.lane } satisfies Doorbell);
    } catch (error) {
      this.#lane.ringFailed();
      throw error;
    }
  }
}
