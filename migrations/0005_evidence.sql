-- Written by hand. An event that has its place keeps all of it: its link in the lane's chain and what that covers. Only
-- where its bytes lie may still be learnt.
DROP TRIGGER events_keep_position;
--> statement-breakpoint
CREATE TRIGGER events_keep_position BEFORE UPDATE ON events
WHEN OLD.position IS NOT NULL AND (
	NEW.position IS NOT OLD.position OR NEW.hash IS NOT OLD.hash OR NEW.previous_hash IS NOT OLD.previous_hash
	OR NEW.lane <> OLD.lane OR NEW.seq <> OLD.seq OR NEW.type <> OLD.type OR NEW.occurred_at <> OLD.occurred_at
	OR NEW.received_at <> OLD.received_at OR NEW.trust <> OLD.trust OR NEW.body_hash <> OLD.body_hash
	OR NEW.outcome <> OLD.outcome OR NEW.note IS NOT OLD.note OR NEW.facts <> OLD.facts OR NEW.documents <> OLD.documents
	OR NEW.config_version <> OLD.config_version OR NEW.decided_at <> OLD.decided_at
)
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
-- What a transaction decided stays said.
CREATE TRIGGER commits_stay_update BEFORE UPDATE ON commits
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
--> statement-breakpoint
CREATE TRIGGER commits_stay_delete BEFORE DELETE ON commits
BEGIN
	SELECT RAISE(ABORT, 'immutable');
END;
