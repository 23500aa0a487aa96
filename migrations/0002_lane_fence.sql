ALTER TABLE `lanes` ADD `fence` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
-- Written by hand: a pass whose lease was given to another since is fenced off once the other has written.
CREATE TRIGGER lanes_fenced BEFORE UPDATE ON lanes
WHEN NEW.fence < OLD.fence
BEGIN
	SELECT RAISE(ABORT, 'seq_gap');
END;
