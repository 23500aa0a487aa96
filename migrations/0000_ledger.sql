CREATE TABLE `api_keys` (
	`hash` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`label` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `audit` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`detail` text NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `balances` (
	`tenant` text NOT NULL,
	`entity` text NOT NULL,
	`account` text NOT NULL,
	`currency` text NOT NULL,
	`period` text NOT NULL,
	`debit` integer NOT NULL,
	`credit` integer NOT NULL,
	`base_debit` integer NOT NULL,
	`base_credit` integer NOT NULL,
	`base_currency` text NOT NULL,
	PRIMARY KEY(`tenant`, `entity`, `account`, `currency`, `period`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `commits` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`committed_at` integer NOT NULL,
	`events` text NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `config_versions` (
	`tenant` text NOT NULL,
	`version` integer NOT NULL,
	`document` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`published_at` integer,
	PRIMARY KEY(`tenant`, `version`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `entries` (
	`tenant` text NOT NULL,
	`lane` text NOT NULL,
	`position` integer NOT NULL,
	`part` integer NOT NULL,
	`entity` text NOT NULL,
	`kind` text NOT NULL,
	`date` text NOT NULL,
	`object` text NOT NULL,
	`description` text NOT NULL,
	`base_currency` text NOT NULL,
	`lines` text NOT NULL,
	`deferrals` text NOT NULL,
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`body_hash` text NOT NULL,
	`config_version` integer NOT NULL,
	`booked_at` integer NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`tenant`, `lane`, `position`, `part`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `events` (
	`tenant` text NOT NULL,
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`lane` text NOT NULL,
	`seq` integer NOT NULL,
	`position` integer,
	`type` text NOT NULL,
	`occurred_at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`trust` text NOT NULL,
	`body_hash` text NOT NULL,
	`archive` text,
	`outcome` text NOT NULL,
	`note` text,
	`facts` text NOT NULL,
	`documents` text NOT NULL,
	`config_version` integer NOT NULL,
	`decided_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `source`, `event_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_held` ON `events` (`tenant`,`outcome`,`received_at`) WHERE outcome in ('waiting','parked','quarantined');--> statement-breakpoint
CREATE TABLE `exceptions` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`cause` text NOT NULL,
	`status` text NOT NULL,
	`lane` text NOT NULL,
	`seq` integer,
	`source` text,
	`event_id` text,
	`object` text,
	`target` text,
	`posting_key` text,
	`amount` integer,
	`currency` text,
	`message` text NOT NULL,
	`remedy` text NOT NULL,
	`opened_at` integer NOT NULL,
	`resolved_at` integer,
	`resolution` text,
	PRIMARY KEY(`tenant`, `id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `exceptions_open` ON `exceptions` (`tenant`,`opened_at`) WHERE status = 'open';--> statement-breakpoint
CREATE TABLE `lanes` (
	`tenant` text NOT NULL,
	`lane` text NOT NULL,
	`position` integer NOT NULL,
	`hash` text NOT NULL,
	`from_position` integer NOT NULL,
	`from_hash` text NOT NULL,
	PRIMARY KEY(`tenant`, `lane`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `objects` (
	`tenant` text NOT NULL,
	`object` text NOT NULL,
	`lane` text NOT NULL,
	`state` text NOT NULL,
	PRIMARY KEY(`tenant`, `object`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `postings` (
	`tenant` text NOT NULL,
	`target` text NOT NULL,
	`key` text NOT NULL,
	`kind` text NOT NULL,
	`lane` text NOT NULL,
	`position` integer NOT NULL,
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`outcome` text NOT NULL,
	`remote_id` text,
	`remote_name` text,
	`remote_date` text,
	`differences` text NOT NULL,
	`message` text,
	`attempts` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `target`, `key`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `postings_open` ON `postings` (`tenant`,`updated_at`) WHERE outcome not in ('applied','skipped');--> statement-breakpoint
CREATE TABLE `secrets` (
	`tenant` text NOT NULL,
	`name` text NOT NULL,
	`iv` text NOT NULL,
	`ciphertext` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `name`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- Everything below is written by hand: the ledger's own guards.
-- Sequence: a lane's head moves only from where it stands (compare-and-set). The upsert fires BEFORE INSERT too.
CREATE TRIGGER lanes_first_head BEFORE INSERT ON lanes
WHEN NEW.from_position <> 0 AND NOT EXISTS (SELECT 1 FROM lanes WHERE tenant = NEW.tenant AND lane = NEW.lane)
BEGIN
	SELECT RAISE(ABORT, 'seq_gap');
END;
--> statement-breakpoint
CREATE TRIGGER lanes_next_head BEFORE UPDATE ON lanes
WHEN NEW.from_position <> OLD.position OR NEW.from_hash <> OLD.hash OR NEW.position < OLD.position
BEGIN
	SELECT RAISE(ABORT, 'seq_gap');
END;
--> statement-breakpoint
CREATE TRIGGER lanes_stay BEFORE DELETE ON lanes
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- Balance: every currency of an entry, and its base amounts, sum to zero.
CREATE TRIGGER entries_balance BEFORE INSERT ON entries
WHEN EXISTS (
	SELECT 1 FROM json_each(NEW.lines) GROUP BY json_extract(value, '$.currency')
	HAVING sum(json_extract(value, '$.amount')) <> 0
) OR (
	SELECT sum(json_extract(value, '$.base')) FROM json_each(NEW.lines)
) <> 0 OR EXISTS (
	SELECT 1 FROM json_each(NEW.lines)
	WHERE json_type(value, '$.amount') <> 'integer' OR json_type(value, '$.base') <> 'integer'
)
BEGIN
	SELECT RAISE(ABORT, 'unbalanced');
END;
--> statement-breakpoint
-- An entry stands within the span its lane's head has just moved over.
CREATE TRIGGER entries_position BEFORE INSERT ON entries
WHEN NOT EXISTS (
	SELECT 1 FROM lanes WHERE tenant = NEW.tenant AND lane = NEW.lane
	AND NEW.position > from_position AND NEW.position <= position
)
BEGIN
	SELECT RAISE(ABORT, 'seq_gap');
END;
--> statement-breakpoint
CREATE TRIGGER entries_immutable_update BEFORE UPDATE ON entries
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER entries_immutable_delete BEFORE DELETE ON entries
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- An event that has its place keeps it: same position, same bytes.
CREATE TRIGGER events_keep_position BEFORE UPDATE ON events
WHEN OLD.position IS NOT NULL AND (
	NEW.position IS NOT OLD.position OR NEW.body_hash <> OLD.body_hash OR NEW.facts <> OLD.facts OR NEW.documents <> OLD.documents
)
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- An event is applied once, in one lane: a lane that would apply it again takes its whole batch down (fires for upserts too).
CREATE TRIGGER events_applied_once BEFORE INSERT ON events
WHEN NEW.position IS NOT NULL AND EXISTS (
	SELECT 1 FROM events WHERE tenant = NEW.tenant AND source = NEW.source AND event_id = NEW.event_id
	AND position IS NOT NULL AND (lane <> NEW.lane OR position <> NEW.position)
)
BEGIN
	SELECT RAISE(ABORT, 'seq_gap');
END;
--> statement-breakpoint
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- An object's state is written by one lane only; another lane's write is a bug that must not land.
CREATE TRIGGER objects_one_owner BEFORE UPDATE ON objects
WHEN NEW.lane <> OLD.lane
BEGIN
	SELECT RAISE(ABORT, 'object_owner');
END;
--> statement-breakpoint
CREATE TRIGGER audit_immutable_update BEFORE UPDATE ON audit
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER audit_immutable_delete BEFORE DELETE ON audit
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
