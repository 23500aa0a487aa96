CREATE TABLE `lane_links` (
	`tenant` text NOT NULL,
	`lane` text NOT NULL,
	`primary_lane` text NOT NULL,
	`learnt_from` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `lane`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `lane_links_primary` ON `lane_links` (`tenant`,`primary_lane`);
--> statement-breakpoint
-- Everything below is written by hand: what keeps linked lanes one customer.
-- No chains, no loops: neither end of a new link is already the other kind of end.
CREATE TRIGGER lane_links_no_chain BEFORE INSERT ON lane_links
WHEN NEW.lane = NEW.primary_lane
	OR EXISTS (SELECT 1 FROM lane_links WHERE tenant = NEW.tenant AND lane = NEW.primary_lane)
	OR EXISTS (SELECT 1 FROM lane_links WHERE tenant = NEW.tenant AND primary_lane = NEW.lane)
BEGIN
	SELECT RAISE(ABORT, 'link_chain');
END;
--> statement-breakpoint
CREATE TRIGGER lane_links_stay_update BEFORE UPDATE ON lane_links
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER lane_links_stay_delete BEFORE DELETE ON lane_links
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- A linked lane applies nothing any more: a consumer that does not know of the link yet takes its batch down.
CREATE TRIGGER lanes_linked_stand BEFORE UPDATE ON lanes
WHEN NEW.position > OLD.position AND EXISTS (SELECT 1 FROM lane_links WHERE tenant = NEW.tenant AND lane = NEW.lane)
BEGIN
	SELECT RAISE(ABORT, 'lane_linked');
END;
--> statement-breakpoint
CREATE TRIGGER lanes_linked_begin_not BEFORE INSERT ON lanes
WHEN NEW.position > 0 AND EXISTS (SELECT 1 FROM lane_links WHERE tenant = NEW.tenant AND lane = NEW.lane)
BEGIN
	SELECT RAISE(ABORT, 'lane_linked');
END;
--> statement-breakpoint
-- An object's state is written by one lane only, or by the lane that its own is linked to.
DROP TRIGGER objects_one_owner;
--> statement-breakpoint
CREATE TRIGGER objects_one_owner BEFORE UPDATE ON objects
WHEN NEW.lane <> OLD.lane AND NOT EXISTS (
	SELECT 1 FROM lane_links WHERE tenant = OLD.tenant AND lane = OLD.lane AND primary_lane = NEW.lane
)
BEGIN
	SELECT RAISE(ABORT, 'object_owner');
END;
