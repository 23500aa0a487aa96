CREATE TABLE `approvals` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`entity` text NOT NULL,
	`status` text NOT NULL,
	`rule` text NOT NULL,
	`subject` text NOT NULL,
	`amount` integer,
	`currency` text,
	`requested_by` text NOT NULL,
	`requested_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`decided_by` text,
	`decided_at` integer,
	`reason` text,
	`action` text NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `approvals_pending` ON `approvals` (`tenant`,`requested_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE TABLE `entity_books` (
	`tenant` text NOT NULL,
	`entity` text NOT NULL,
	`closed_until` text,
	`locked_until` text,
	PRIMARY KEY(`tenant`, `entity`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `periods` (
	`tenant` text NOT NULL,
	`entity` text NOT NULL,
	`period` text NOT NULL,
	`state` text NOT NULL,
	`closes` integer DEFAULT 0 NOT NULL,
	`changed_at` integer NOT NULL,
	`changed_by` text NOT NULL,
	`evidence` text NOT NULL,
	PRIMARY KEY(`tenant`, `entity`, `period`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rates` (
	`tenant` text NOT NULL,
	`from_currency` text NOT NULL,
	`to_currency` text NOT NULL,
	`date` text NOT NULL,
	`rate` text NOT NULL,
	`source` text NOT NULL,
	`recorded_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `from_currency`, `to_currency`, `date`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `schedules` (
	`tenant` text NOT NULL,
	`entity` text NOT NULL,
	`period` text NOT NULL,
	`currency` text NOT NULL,
	`revenue_account` text NOT NULL,
	`deferred_account` text NOT NULL,
	`amount` integer NOT NULL,
	`base` integer NOT NULL,
	PRIMARY KEY(`tenant`, `entity`, `period`, `currency`, `revenue_account`, `deferred_account`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `seals` (
	`tenant` text NOT NULL,
	`day` text NOT NULL,
	`root` text NOT NULL,
	`lanes` integer NOT NULL,
	`previous` text NOT NULL,
	`hash` text NOT NULL,
	`archive` text NOT NULL,
	`sealed_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `day`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `windows` (
	`tenant` text NOT NULL,
	`target` text NOT NULL,
	`entity` text NOT NULL,
	`number` integer NOT NULL,
	`after_commit` text NOT NULL,
	`to_commit` text NOT NULL,
	`closed_at` integer NOT NULL,
	`totals` text NOT NULL,
	PRIMARY KEY(`tenant`, `target`, `entity`, `number`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `events` ADD `previous_hash` text;--> statement-breakpoint
ALTER TABLE `events` ADD `hash` text;--> statement-breakpoint
ALTER TABLE `objects` ADD `hash` text;
--> statement-breakpoint
-- Everything below is written by hand. What entries booked before now have deferred, by month.
INSERT INTO schedules (tenant, entity, period, currency, revenue_account, deferred_account, amount, base)
SELECT e.tenant, e.entity, d.value ->> 'period', d.value ->> 'currency', d.value ->> 'revenueAccount', d.value ->> 'deferredAccount',
	sum(d.value ->> 'amount'), sum(d.value ->> 'base')
FROM entries e, json_each(e.deferrals) d GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(d.value ->> 'amount') <> 0 OR sum(d.value ->> 'base') <> 0;
--> statement-breakpoint
-- No entry is booked into closed books, whatever the writer believed about them.
CREATE TRIGGER entries_period_open BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entity_books WHERE tenant = NEW.tenant AND entity = NEW.entity AND closed_until >= NEW.date)
BEGIN
	SELECT RAISE(ABORT, 'period_closed');
END;
--> statement-breakpoint
-- What is locked stays locked, and what is locked is closed.
CREATE TRIGGER entity_books_locked BEFORE UPDATE ON entity_books
WHEN (OLD.locked_until IS NOT NULL AND (NEW.locked_until IS NULL OR NEW.locked_until < OLD.locked_until))
	OR (NEW.locked_until IS NOT NULL AND (NEW.closed_until IS NULL OR NEW.closed_until < NEW.locked_until))
BEGIN
	SELECT RAISE(ABORT, 'locked');
END;
--> statement-breakpoint
CREATE TRIGGER entity_books_stay BEFORE DELETE ON entity_books
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- A decision stands, and nobody approves what they asked for.
CREATE TRIGGER approvals_decided_once BEFORE UPDATE ON approvals
WHEN OLD.status <> 'pending' OR NEW.action <> OLD.action OR NEW.requested_by <> OLD.requested_by
	OR (NEW.status = 'approved' AND NEW.decided_by IS OLD.requested_by)
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER approvals_stay BEFORE DELETE ON approvals
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- Windows follow on one another without a gap or an overlap.
CREATE TRIGGER windows_follow BEFORE INSERT ON windows
WHEN NEW.to_commit <= NEW.after_commit OR NEW.after_commit <> coalesce((
	SELECT to_commit FROM windows WHERE tenant = NEW.tenant AND target = NEW.target AND entity = NEW.entity AND number = NEW.number - 1
), CASE WHEN NEW.number = 1 THEN NEW.after_commit END, '')
BEGIN
	SELECT RAISE(ABORT, 'window_gap');
END;
--> statement-breakpoint
CREATE TRIGGER windows_stay_update BEFORE UPDATE ON windows
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER windows_stay_delete BEFORE DELETE ON windows
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER seals_stay_update BEFORE UPDATE ON seals
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER seals_stay_delete BEFORE DELETE ON seals
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
